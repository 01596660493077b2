//! Questions to the analyser.

use super::Driver;
use crate::engine::commands;
use crate::event::{Answer, Completion, Query};
use std::panic::AssertUnwindSafe;

impl Driver {
    /// What the analyser knows; nothing, when it knows nothing or panics.
    pub(super) fn answer(&mut self, query: &Query) -> Answer {
        let context = &mut self.context;
        let answer =
            std::panic::catch_unwind(AssertUnwindSafe(|| match query {
                Query::Complete { code, byte_offset } => context
                    .completions(code, *byte_offset)
                    .map(|completions| Answer::Completions {
                        start: completions.start_offset,
                        end: completions.end_offset,
                        matches: completions
                            .completions
                            .into_iter()
                            .map(|completion| Completion {
                                text: completion.code,
                                kind: completion.kind.to_owned(),
                                label: completion.label,
                            })
                            .collect(),
                    }),
                Query::Inspect { code, byte_offset } => context
                    .hover_at(code, *byte_offset)
                    .map(|(plain, html)| Answer::Documentation { plain, html }),
            }));
        let mut answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the analyser has no answer");
                Answer::Nothing
            }
            Err(_) => Answer::Nothing,
        };
        if let Query::Complete { code, byte_offset } = query {
            commands::complete(&mut answer, code, *byte_offset);
        }
        answer
    }
}
