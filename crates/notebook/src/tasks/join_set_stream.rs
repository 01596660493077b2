//! tokio-stream's stream of a `JoinSet`, of ours.

use super::JoinSet;
use ::tokio::task::JoinError;
use futures::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The values of a [`JoinSet`]'s tasks, in the order in which they end, like
/// [tokio-stream's own](::tokio_stream::wrappers::JoinSetStream), whose methods it has.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::task::JoinSet;
/// use notebook::tokio_stream::{StreamExt, wrappers::JoinSetStream};
///
/// let set: JoinSet<u8> = (0..2).map(|i| async move { i }).collect();
/// let mut values = JoinSetStream::new(set);
/// assert!(values.next().await.is_some_and(|value| value.is_ok()));
/// assert_eq!(values.into_inner().len(), 1);
/// # });
/// ```
#[derive(Debug)]
pub struct JoinSetStream<T>(JoinSet<T>);

impl<T> JoinSetStream<T> {
    /// The stream of the tasks of this set.
    pub fn new(set: JoinSet<T>) -> JoinSetStream<T> {
        JoinSetStream(set)
    }

    /// The set, with the tasks whose values were not given yet.
    pub fn into_inner(self) -> JoinSet<T> {
        self.0
    }
}

impl<T: 'static> Stream for JoinSetStream<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_join_next(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.len();
        (left, Some(left))
    }
}

impl<T> AsRef<JoinSet<T>> for JoinSetStream<T> {
    fn as_ref(&self) -> &JoinSet<T> {
        &self.0
    }
}

impl<T> AsMut<JoinSet<T>> for JoinSetStream<T> {
    fn as_mut(&mut self) -> &mut JoinSet<T> {
        &mut self.0
    }
}

impl<T> From<JoinSet<T>> for JoinSetStream<T> {
    fn from(set: JoinSet<T>) -> JoinSetStream<T> {
        JoinSetStream(set)
    }
}
