//! The `user_expressions` of an execute_request: small pieces of code that a front end wants evaluated
//! when its cell has ended well. Each runs like a cell of its own, but its value goes into the reply.

use super::Frontend;
use super::cells::{Phase, Running};
use crate::event::{Action, Failure};
use jupyter_protocol::{ExecuteRequest, ExpressionResult, Media};
use std::collections::HashMap;
use std::sync::Arc;

/// What is still to be evaluated, and what came of the rest.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    waiting: Vec<(String, String)>,
    /// The name of the one that is evaluated now.
    current: Option<String>,
    results: HashMap<String, ExpressionResult>,
}

impl Expressions {
    pub fn of(request: &ExecuteRequest) -> Expressions {
        let expressions = request.user_expressions.clone().unwrap_or_default();
        let mut waiting: Vec<_> = expressions.into_iter().collect();
        // The last is taken first.
        waiting.sort_by(|a, b| b.cmp(a));
        Expressions {
            waiting,
            ..Expressions::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes in how a piece of code ended. A failed expression is a result; a failed cell stays one.
    pub fn take_end(&mut self, failure: Option<Failure>) -> Option<Failure> {
        let Some(name) = self.current.take() else {
            return failure;
        };
        match failure {
            Some(failure) => {
                let error = ExpressionResult::Error {
                    ename: failure.name,
                    evalue: failure.value,
                    traceback: failure.traceback,
                };
                self.results.insert(name, error);
            }
            None => {
                // Code without a value, such as `()`.
                self.results
                    .entry(name)
                    .or_insert_with(|| value(Media::default()));
            }
        }
        None
    }

    pub fn take_results(&mut self) -> HashMap<String, ExpressionResult> {
        std::mem::take(&mut self.results)
    }
}

fn value(data: Media) -> ExpressionResult {
    ExpressionResult::Ok {
        data,
        metadata: serde_json::Map::new(),
    }
}

impl Frontend {
    /// Has the next expression of a cell that has ended well evaluated; whether there was one. An
    /// interrupt ends the rest, too.
    pub(super) fn evaluate_next(&mut self, running: &mut Running) -> bool {
        if running.interrupts > 0 {
            return false;
        }
        let Some((name, code)) = running.expressions.waiting.pop() else {
            return false;
        };
        running.expressions.current = Some(name);
        self.latest_cell += 1;
        running.cell = self.latest_cell;
        running.phase = Phase::Compiling;
        running.building = 0;
        running.outcome = None;
        running.panic = None;
        running.error = None;
        self.outputs
            .begin_cell(running.cell, Arc::clone(&running.request));
        self.actions.push(Action::Execute {
            notebook_cell: None,
            cell: running.cell,
            count: self.execution_count,
            code,
            allow_stdin: false,
        });
        true
    }

    /// Keeps a value that belongs into the reply; whether it does.
    pub(super) fn keep_for_expression(&mut self, data: &Media) -> bool {
        let Some(expressions) = self
            .running
            .as_mut()
            .map(|running| &mut running.expressions)
        else {
            return false;
        };
        let Some(name) = &expressions.current else {
            return false;
        };
        expressions
            .results
            .insert(name.clone(), value(data.clone()));
        true
    }
}
