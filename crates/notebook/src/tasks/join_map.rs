//! Tasks by key.

use super::handle::Handle;
use super::join_set::JoinSet;
use super::local_set::LocalSet;
use ::tokio::task::{AbortHandle, Id, JoinError};
use std::borrow::Borrow;
use std::collections::{HashMap, hash_map};
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::marker::PhantomData;

/// Tasks by key, with the methods of tokio-util's [`JoinMap`](::tokio_util::task::JoinMap), and with tasks that can
/// be listed, named, cancelled and recorded. (It is a type of its own, since tokio-util's keeps the handles of
/// its tasks, without which nothing else can cancel them.)
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio_util::task::JoinMap;
///
/// let mut map = JoinMap::new();
/// map.spawn("answer", async { 42 });
/// assert!(matches!(map.join_next().await, Some(("answer", Ok(42)))));
/// # });
/// ```
pub struct JoinMap<K, V, S = RandomState> {
    set: JoinSet<V>,
    tasks: HashMap<Id, Known<K>>,
    /// The tasks whose key has this hash: nearly always one.
    by_hash: HashMap<u64, Vec<Id>>,
    hasher: S,
}

/// What is known of a task besides its id.
struct Known<K> {
    key: K,
    hash: u64,
    abort: AbortHandle,
}

impl<K, V> JoinMap<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> JoinMap<K, V> {
        JoinMap::with_hasher(RandomState::new())
    }

    /// An empty map with room for `capacity` tasks.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> JoinMap<K, V> {
        JoinMap::with_capacity_and_hasher(capacity, RandomState::new())
    }
}

impl<K, V, S> JoinMap<K, V, S> {
    /// An empty map whose keys are hashed by `hasher`.
    #[must_use]
    pub fn with_hasher(hasher: S) -> JoinMap<K, V, S> {
        JoinMap::with_capacity_and_hasher(0, hasher)
    }

    /// An empty map with room for `capacity` tasks, whose keys are hashed by `hasher`.
    #[must_use]
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> JoinMap<K, V, S> {
        JoinMap {
            set: JoinSet::new(),
            tasks: HashMap::with_capacity(capacity),
            by_hash: HashMap::with_capacity(capacity),
            hasher,
        }
    }

    /// How many tasks are in it, those included that ended and were not yet asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many tasks it has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.tasks.capacity()
    }

    /// The keys of its tasks, in no order.
    pub fn keys(&self) -> JoinMapKeys<'_, K, V> {
        JoinMapKeys {
            tasks: self.tasks.values(),
            value: PhantomData,
        }
    }

    /// Whether the task with this id is in it.
    #[must_use]
    pub fn contains_task(&self, task: &Id) -> bool {
        self.tasks.contains_key(task)
    }

    /// Makes room for more tasks.
    pub fn reserve(&mut self, additional: usize) {
        self.tasks.reserve(additional);
        self.by_hash.reserve(additional);
    }

    /// Gives memory back that it has no use for.
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Gives memory back but for the room of `capacity` tasks.
    pub fn shrink_to(&mut self, capacity: usize) {
        self.tasks.shrink_to(capacity);
        self.by_hash.shrink_to(capacity);
    }

    fn remove(&mut self, id: Id) -> Option<Known<K>> {
        let known = self.tasks.remove(&id)?;
        if let hash_map::Entry::Occupied(mut ids) = self.by_hash.entry(known.hash) {
            ids.get_mut().retain(|other| *other != id);
            if ids.get().is_empty() {
                ids.remove();
            }
        }
        Some(known)
    }
}

impl<K, V: 'static, S> JoinMap<K, V, S> {
    /// Aborts all tasks. They stay in the map until [`join_next`](JoinMap::join_next) has given them.
    pub fn abort_all(&mut self) {
        self.set.abort_all();
    }

    /// Empties the map; its tasks run on.
    pub fn detach_all(&mut self) {
        self.set.detach_all();
        self.tasks.clear();
        self.by_hash.clear();
    }
}

/// Ways to spawn a future: on what, and whether it may move to another thread.
macro_rules! spawns_by_key {
    ($($(#[$doc:meta])* $name:ident($($on:ident: $target:ty)?) $($send:ident)?;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name<F>(&mut self, key: K, task: F $(, $on: $target)?)
        where
            F: Future<Output = V> + 'static,
            $(F: $send, V: $send,)?
        {
            let abort = self.set.$name(task $(, $on)?);
            self.insert(key, abort);
        }
    )*};
}

impl<K, V, S> JoinMap<K, V, S>
where
    K: Hash + Eq,
    V: 'static,
    S: BuildHasher,
{
    spawns_by_key! {
        /// Spawns a task under a key; one that is there already is aborted and forgotten.
        ///
        /// # Panics
        /// Outside of a runtime. In a cell there always is one.
        spawn() Send;
        /// The same, on the runtime of `handle`.
        spawn_on(handle: &Handle) Send;
        /// The same, of a task that stays on this thread.
        ///
        /// # Panics
        /// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
        spawn_local();
        /// The same, of a task of a set whose tasks stay on their thread.
        spawn_local_on(local_set: &LocalSet);
    }

    /// Runs a closure under a key on a thread where it may block.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, key: K, work: F)
    where
        F: FnOnce() -> V + Send + 'static,
        V: Send,
    {
        let abort = self.set.spawn_blocking(work);
        self.insert(key, abort);
    }

    /// The same, on a thread of the runtime of `handle`.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, key: K, work: F, handle: &Handle)
    where
        F: FnOnce() -> V + Send + 'static,
        V: Send,
    {
        let abort = self.set.spawn_blocking_on(work, handle);
        self.insert(key, abort);
    }

    fn insert(&mut self, key: K, abort: AbortHandle) {
        let (id, hash) = (abort.id(), self.hasher.hash_one(&key));
        if let Some(replaced) = self.find(&key).and_then(|id| self.remove(id)) {
            replaced.abort.abort();
        }
        self.by_hash.entry(hash).or_default().push(id);
        self.tasks.insert(id, Known { key, hash, abort });
    }

    fn find<Q>(&self, key: &Q) -> Option<Id>
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        let ids = self.by_hash.get(&self.hasher.hash_one(key))?;
        let has_key = |id: &&Id| {
            let known = self.tasks.get(id);
            known.is_some_and(|known| known.key.borrow() == key)
        };
        ids.iter().find(has_key).copied()
    }

    /// Waits until a task ends, and gives its key and how it ended; `None` when there is none left.
    pub async fn join_next(&mut self) -> Option<(K, Result<V, JoinError>)> {
        loop {
            let ended = self.set.join_next_with_id().await?;
            if let Some(ended) = self.keyed(ended) {
                return Some(ended);
            }
        }
    }

    /// The same of a task that has ended already; `None` when there is no such task.
    pub fn try_join_next(&mut self) -> Option<(K, Result<V, JoinError>)> {
        loop {
            let ended = self.set.try_join_next_with_id()?;
            if let Some(ended) = self.keyed(ended) {
                return Some(ended);
            }
        }
    }

    /// `None` of a task whose key another one has taken.
    fn keyed(&mut self, ended: Result<(Id, V), JoinError>) -> Option<(K, Result<V, JoinError>)> {
        let (id, result) = match ended {
            Ok((id, value)) => (id, Ok(value)),
            Err(error) => (error.id(), Err(error)),
        };
        self.remove(id).map(|known| (known.key, result))
    }

    /// Aborts all tasks and waits for their end.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Aborts the task under a key; gives whether there is one.
    pub fn abort<Q>(&mut self, key: &Q) -> bool
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        let known = self.find(key).and_then(|id| self.tasks.get(&id));
        known.inspect(|known| known.abort.abort()).is_some()
    }

    /// Aborts the tasks whose keys are chosen.
    pub fn abort_matching(&mut self, mut is_chosen: impl FnMut(&K) -> bool) {
        for known in self.tasks.values().filter(|known| is_chosen(&known.key)) {
            known.abort.abort();
        }
    }

    /// Whether there is a task under this key.
    #[must_use]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: ?Sized + Hash + Eq,
        K: Borrow<Q>,
    {
        self.find(key).is_some()
    }
}

impl<K, V> Default for JoinMap<K, V> {
    fn default() -> Self {
        JoinMap::new()
    }
}

impl<K: fmt::Debug, V, S> fmt::Debug for JoinMap<K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = self.tasks.iter().map(|(id, known)| (&known.key, id));
        formatter.debug_map().entries(tasks).finish()
    }
}

/// The keys of a [`JoinMap`]'s tasks, in no order.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio_util::task::JoinMap;
///
/// let mut map = JoinMap::new();
/// map.spawn("answer", async { 42 });
/// assert_eq!(map.keys().collect::<Vec<_>>(), [&"answer"]);
/// # });
/// ```
pub struct JoinMapKeys<'a, K, V> {
    tasks: hash_map::Values<'a, Id, Known<K>>,
    value: PhantomData<&'a V>,
}

impl<'a, K, V> Iterator for JoinMapKeys<'a, K, V> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        self.tasks.next().map(|known| &known.key)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.tasks.size_hint()
    }
}

impl<K, V> ExactSizeIterator for JoinMapKeys<'_, K, V> {}
impl<K, V> FusedIterator for JoinMapKeys<'_, K, V> {}

impl<K, V> Clone for JoinMapKeys<'_, K, V> {
    fn clone(&self) -> Self {
        JoinMapKeys {
            tasks: self.tasks.clone(),
            value: PhantomData,
        }
    }
}

impl<K: fmt::Debug, V> fmt::Debug for JoinMapKeys<'_, K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.clone()).finish()
    }
}
