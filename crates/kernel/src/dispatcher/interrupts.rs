//! The ladder of interrupts.
//!
//! At an await a cell is dropped there. While it is compiled the compiler is ended. In code that
//! never awaits the person is told so, and a second interrupt ends the process.

use super::Dispatcher;
use super::cells::Phase;
use crate::event::{Action, Reminder};
use channel::{CellNumber, KernelFrame};
use jupyter_protocol::StreamContent;
use std::sync::Arc;
use std::time::Duration;

/// How often the kernel looks whether the compiler has to be ended (again).
const LOOK: Duration = Duration::from_millis(20);

/// How long a cell may take to come to an await before the person is told that it does not.
const MOMENT: Duration = Duration::from_secs(1);

impl Dispatcher {
    /// The person pressed the interrupt button.
    pub(super) fn interrupt(&mut self) {
        let Some(running) = &mut self.running else {
            self.abort_queue();
            return;
        };
        running.interrupts += 1;
        let cell = running.cell;
        match (running.phase, running.interrupts) {
            (Phase::Waiting, _) => {
                let failure = super::reports::interrupted("before it was compiled");
                self.finish(cell, crate::event::CellEnd::Refused(failure));
            }
            (Phase::Compiling, _) => self.stop_compiler(cell),
            (Phase::Running, 1) => self.interrupt_cell(cell),
            (Phase::Running, _) => self.actions.push(Action::KillWorker),
            (Phase::Ended, _) => {}
        }
    }

    /// Ends the compiler, and looks again soon: evcxr may be about to start another one.
    pub(super) fn stop_compiler(&mut self, cell: CellNumber) {
        if self
            .running_cell(cell)
            .is_some_and(|running| running.phase == Phase::Compiling)
        {
            self.actions.push(Action::KillCompiler);
            self.actions.push(Action::Remind {
                after: LOOK,
                of: Reminder::StopCompiler { cell },
            });
        }
    }

    /// The cell's own code has begun to run.
    pub(super) fn cell_started(&mut self, cell: CellNumber) {
        let Some(running) = self.running_cell(cell) else {
            return;
        };
        running.phase = Phase::Running;
        // It came too late to stop the compiler.
        if running.interrupts > 0 {
            self.interrupt_cell(cell);
        }
    }

    fn interrupt_cell(&mut self, cell: CellNumber) {
        self.actions
            .push(Action::TellWorker(KernelFrame::Interrupt { cell }));
        self.actions.push(Action::SignalPrograms);
        self.actions.push(Action::Remind {
            after: MOMENT,
            of: Reminder::NotAtAnAwait { cell },
        });
    }

    pub(super) fn say_not_at_an_await(&mut self, cell: CellNumber) {
        let Some(running) = self
            .running_cell(cell)
            .filter(|running| running.phase == Phase::Running)
        else {
            return;
        };
        let request = Arc::clone(&running.request);
        let text = "This cell is not at an await, so it cannot be interrupted there. \
                    Wait for it, or interrupt once more: that ends its process, and all variables are lost.\n";
        self.publish(StreamContent::stderr(text), &request);
    }
}
