//! Which cell a piece of running code belongs to.
//!
//! The cell's own code runs on one thread; its tasks run on any. Every task remembers the cell that
//! spawned it, and a thread knows whose code it is running while it polls.

use channel::CellNumber;
use std::cell::Cell;

thread_local! {
    static CURRENT_CELL: Cell<CellNumber> = const { Cell::new(0) };
}

/// The cell whose code this thread is running; zero when that cannot be known.
pub(crate) fn current_cell() -> CellNumber {
    CURRENT_CELL.try_with(Cell::get).unwrap_or(0)
}

/// Says that this thread now runs code of `cell`; gives back what it ran before.
pub(crate) fn enter_cell(cell: CellNumber) -> CellNumber {
    CURRENT_CELL
        .try_with(|current| current.replace(cell))
        .unwrap_or(0)
}
