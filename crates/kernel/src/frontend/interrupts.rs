//! The ladder of interrupts.
//!
//! At an await a cell is dropped there. While it is compiled the compiler is ended. When a cell has not
//! reacted for two seconds, it says so, and that the next interrupt ends the process: only then it does.

use super::Frontend;
use super::cells::Phase;
use crate::event::{Action, Reminder};
use channel::{CellNumber, KernelFrame};
use jupyter_protocol::StreamContent;
use std::sync::Arc;
use std::time::Duration;

/// How often the kernel looks whether the compiler has to be ended (again).
const LOOK: Duration = Duration::from_millis(20);

/// How long a cell may take to react to an interrupt before the user is told that it does not.
const TIME_TO_REACT: Duration = Duration::from_secs(2);

impl Frontend {
    /// The user pressed the interrupt button.
    pub(super) fn interrupt(&mut self) {
        let Some(running) = &mut self.running else {
            self.abort_queue();
            return;
        };
        running.interrupts += 1;
        let cell = running.cell;
        match (running.phase, running.has_been_warned) {
            (Phase::Waiting, _) => {
                let failure = super::reports::interrupted("before it was compiled");
                self.finish(cell, crate::event::CellEnd::Refused(failure));
            }
            (Phase::Compiling, _) => self.stop_compiler(cell),
            (Phase::Running, false) => self.interrupt_cell(cell),
            (Phase::Running | Phase::Ended, true) => self.actions.push(Action::KillWorker),
            // What it held is being dropped.
            (Phase::Ended, false) => self.remind_if_no_reaction(cell),
        }
    }

    /// Ends the compiler, and looks again soon: the engine may be about to start another one.
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
        let interrupts = running.interrupts;
        self.waits_no_longer(cell);
        // It came too late to stop the compiler.
        if interrupts > 0 {
            self.interrupt_cell(cell);
        }
    }

    fn interrupt_cell(&mut self, cell: CellNumber) {
        self.actions
            .push(Action::TellWorker(KernelFrame::Interrupt { cell }));
        self.actions.push(Action::SignalPrograms);
        self.remind_if_no_reaction(cell);
    }

    fn remind_if_no_reaction(&mut self, cell: CellNumber) {
        self.actions.push(Action::Remind {
            after: TIME_TO_REACT,
            of: Reminder::NotAtAnAwait { cell },
        });
    }

    pub(super) fn say_not_at_an_await(&mut self, cell: CellNumber) {
        let Some(running) = self
            .running_cell(cell)
            .filter(|running| matches!(running.phase, Phase::Running | Phase::Ended))
            .filter(|running| !running.has_been_warned)
        else {
            return;
        };
        running.has_been_warned = true;
        let request = Arc::clone(&running.request);
        let text = "This cell is not at an await, so it cannot be interrupted there. \
                    Wait for it, or interrupt once more: that ends its process, and all variables are lost.\n";
        self.publish(StreamContent::stderr(text), &request);
    }
}
