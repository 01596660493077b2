//! One request, as a call chart wants it.

use std::time::Duration;

use super::style;

/// One request: when it was sent and when its answer was there, both from a common start.
///
/// ```
/// use notebook::plot::Call;
/// use std::time::Duration;
///
/// let call = Call::new(Duration::from_millis(10), Duration::from_millis(60)).on("north");
/// assert_eq!(call.lasted(), Duration::from_millis(50));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub(crate) sent: Duration,
    pub(crate) began: Duration,
    pub(crate) answered: Duration,
    pub(crate) instance: String,
    pub(crate) failure: Option<String>,
}

impl Call {
    /// A call that was worked on all the time. An answer before the request counts as at once.
    #[must_use]
    pub fn new(sent: Duration, answered: Duration) -> Self {
        let answered = answered.max(sent);
        Self {
            sent,
            began: sent,
            answered,
            instance: String::new(),
            failure: None,
        }
    }

    /// Says when work on the call began: until then it waited, which is drawn pale.
    #[must_use]
    pub fn began(mut self, began: Duration) -> Self {
        self.began = began.clamp(self.sent, self.answered);
        self
    }

    /// Names the instance (the server, the worker) that answered.
    #[must_use]
    pub fn on(mut self, instance: impl Into<String>) -> Self {
        self.instance = style::clean_name(&instance.into());
        self
    }

    /// Marks the call as failed, for a short reason such as `"429"`.
    #[must_use]
    pub fn failed(mut self, reason: impl Into<String>) -> Self {
        self.failure = Some(style::clean_name(&reason.into()));
        self
    }

    /// From its request to its answer.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.answered.saturating_sub(self.sent)
    }
}
