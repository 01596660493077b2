//! Who is connected, and how a message reaches them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::message::Event;
use crate::SettingError;
use crate::error::ensure;

/// The limits of WebSocket connections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// How many connections there may be. Unless set: 5 000.
    pub max_connections: usize,
    /// The largest message in bytes; a larger one ends its connection. Unless set: 65 536.
    pub max_message_bytes: usize,
    /// How many messages wait for one connection whose client does not read them; further ones are dropped, and the
    /// client is told how many. Unless set: 64.
    pub queue: usize,
    /// How long a message may take to be sent before its connection is ended. Unless set: 10 s.
    pub send_within: Duration,
    /// How often a client is asked whether it is there; one that says nothing for twice as long is removed. Unless
    /// set: 15 s.
    pub heartbeat: Duration,
    /// How many texts are kept; then the oldest go. Unless set: 10 000.
    pub max_saved: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        ConnectionLimits {
            max_connections: 5_000,
            max_message_bytes: 64 * 1024,
            queue: 64,
            send_within: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            max_saved: 10_000,
        }
    }
}

impl ConnectionLimits {
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let in_reason = (1..=1_000_000).contains(&self.queue);
        ensure(
            in_reason,
            "queue",
            self.queue,
            "from 1 to 1 000 000 messages",
        )?;
        for (setting, given) in [
            ("heartbeat", self.heartbeat),
            ("send_within", self.send_within),
        ] {
            ensure(!given.is_zero(), setting, "0 s", "longer than nothing")?;
        }
        Ok(())
    }
}

/// Who is connected to a [`WebService`](crate::WebService), and how to send to them. Cheap to clone: all clones are
/// the same.
///
/// Each connection has a queue of its own. Whoever sends never waits for whoever reads slowly: what finds a full
/// queue is dropped, counted, and reported to the slow reader.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: ConnectionLimits,
    people: Mutex<People>,
    saved: Mutex<Saved>,
    count: AtomicUsize,
    dropped: AtomicU64,
}

#[derive(Default)]
struct People {
    next: u64,
    connections: HashMap<u64, Connection>,
    /// Sorted, so that everybody is told the same.
    users: BTreeMap<String, BTreeSet<u64>>,
    rooms: BTreeMap<String, BTreeSet<u64>>,
}

struct Connection {
    queue: mpsc::Sender<Utf8Bytes>,
    missed: Arc<AtomicU64>,
}

#[derive(Default)]
struct Saved {
    count: u64,
    texts: VecDeque<(String, String)>,
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Connections {
        Connections(Arc::new(Shared {
            limits,
            people: Mutex::default(),
            saved: Mutex::default(),
            count: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        }))
    }

    /// The limits they are held to.
    pub fn limits(&self) -> &ConnectionLimits {
        &self.0.limits
    }

    /// How many connections there are. One person can have several.
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Who is connected, sorted.
    pub fn users(&self) -> Vec<String> {
        self.people().users.keys().cloned().collect()
    }

    /// The rooms that somebody is in, and how many connections are in each.
    pub fn rooms(&self) -> Vec<(String, usize)> {
        let people = self.people();
        let rooms = people.rooms.iter();
        rooms
            .map(|(room, members)| (room.clone(), members.len()))
            .collect()
    }

    /// How many messages were dropped since the start, because a client did not read those before.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// How many texts were saved since the start.
    pub fn saved(&self) -> u64 {
        self.saved_texts().count
    }

    /// Sends to everybody, and returns to how many connections it went.
    pub fn broadcast(&self, from: &str, text: &str) -> usize {
        let message = Event::Broadcast { from, text }.text();
        let people = self.people();
        self.deliver(people.connections.values(), &message)
    }

    /// Sends to one person, on all of their connections, and returns how many these are: 0 when they are not
    /// connected.
    pub fn send(&self, from: &str, to: &str, text: &str) -> usize {
        let message = Event::Message { from, text }.text();
        let people = self.people();
        let members = people.users.get(to).into_iter().flatten();
        self.deliver(
            members.filter_map(|id| people.connections.get(id)),
            &message,
        )
    }

    /// Sends to everybody in a room, and returns to how many connections it went.
    pub fn say(&self, from: &str, room: &str, text: &str) -> usize {
        self.tell_room(&self.people(), room, &Event::Room { room, from, text })
    }

    fn tell_room(&self, people: &People, room: &str, event: &Event<'_>) -> usize {
        let members = people.rooms.get(room).into_iter().flatten();
        self.deliver(
            members.filter_map(|id| people.connections.get(id)),
            &event.text(),
        )
    }

    /// Puts a message into queues, waiting for none of them; returns into how many.
    fn deliver<'a>(&self, to: impl Iterator<Item = &'a Connection>, message: &Utf8Bytes) -> usize {
        to.filter(
            |connection| match connection.queue.try_send(message.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    connection.missed.fetch_add(1, Ordering::Relaxed);
                    self.0.dropped.fetch_add(1, Ordering::Relaxed);
                    false
                }
                // It is just being removed.
                Err(TrySendError::Closed(_)) => false,
            },
        )
        .count()
    }

    fn people(&self) -> MutexGuard<'_, People> {
        // Nothing that runs under this lock can panic half-way.
        self.0.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saved_texts(&self) -> MutexGuard<'_, Saved> {
        self.0.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection of `user`; dropping what it returns removes it, from its rooms, too.
    pub(super) fn join(&self, user: String) -> (Membership, Inbox) {
        let (queue, messages) = mpsc::channel(self.0.limits.queue);
        let missed = Arc::new(AtomicU64::new(0));
        let mut people = self.people();
        let id = people.next;
        people.next += 1;
        people.users.entry(user.clone()).or_default().insert(id);
        let connection = Connection {
            queue: queue.clone(),
            missed: Arc::clone(&missed),
        };
        people.connections.insert(id, connection);
        self.0
            .count
            .store(people.connections.len(), Ordering::Relaxed);
        drop(people);
        tracing::debug!(user, "connected");
        let membership = Membership {
            connections: self.clone(),
            id,
            user,
            queue,
        };
        (membership, Inbox { messages, missed })
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connections")
            .field("count", &self.count())
            .field("users", &self.users().len())
            .field("rooms", &self.rooms().len())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}

/// What waits for one connection.
pub(super) struct Inbox {
    messages: mpsc::Receiver<Utf8Bytes>,
    missed: Arc<AtomicU64>,
}

impl Inbox {
    /// The next message. How many were dropped comes after those that were in the queue by then: where they
    /// are missing.
    pub(super) async fn next(&mut self) -> Option<Utf8Bytes> {
        if self.messages.is_empty()
            && let Some(notice) = self.notice()
        {
            return Some(notice);
        }
        self.messages.recv().await
    }

    /// The next message that is there already.
    pub(super) fn next_now(&mut self) -> Option<Utf8Bytes> {
        self.messages.try_recv().ok().or_else(|| self.notice())
    }

    fn notice(&self) -> Option<Utf8Bytes> {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        (missed > 0).then(|| Event::Lagged { missed }.text())
    }
}

/// One connection among all. A guard, because a connection can end at any point.
pub(super) struct Membership {
    connections: Connections,
    id: u64,
    user: String,
    queue: mpsc::Sender<Utf8Bytes>,
}

impl Membership {
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Answers on this connection. Waits while its queue is full: a client that does not read its answers is not
    /// read from either.
    pub(super) async fn answer(&self, event: &Event<'_>) {
        // Closed means that the connection is ending; nobody is left to be told.
        let _ = self.queue.send(event.text()).await;
    }

    /// Keeps a text, and returns how many were kept before and with it.
    pub(super) fn save(&self, text: &str) -> u64 {
        let mut saved = self.connections.saved_texts();
        saved.count += 1;
        saved.texts.push_back((self.user.clone(), text.to_owned()));
        if saved.texts.len() > self.connections.0.limits.max_saved {
            saved.texts.pop_front();
        }
        saved.count
    }

    /// The latest texts that this person saved, at most 100.
    pub(super) fn history(&self) -> Vec<String> {
        let saved = self.connections.saved_texts();
        let mine = saved
            .texts
            .iter()
            .rev()
            .filter(|(user, _)| *user == self.user);
        let mut texts: Vec<_> = mine.take(100).map(|(_, text)| text.clone()).collect();
        texts.reverse();
        texts
    }

    /// Enters a room, and tells everybody in it.
    pub(super) fn enter(&self, room: &str) {
        let mut people = self.connections.people();
        let members = people.rooms.entry(room.to_owned()).or_default();
        members.insert(self.id);
        let members = members.len();
        let event = Event::Joined {
            room,
            user: &self.user,
            members,
        };
        self.connections.tell_room(&people, room, &event);
    }

    /// Leaves a room, and tells everybody in it.
    pub(super) fn leave(&self, room: &str) {
        let mut people = self.connections.people();
        self.leave_room(&mut people, room);
    }

    fn leave_room(&self, people: &mut People, room: &str) {
        let Some(members) = people.rooms.get_mut(room) else {
            return;
        };
        if !members.remove(&self.id) {
            return;
        }
        let members = members.len();
        if members == 0 {
            people.rooms.remove(room);
        }
        let event = Event::Left {
            room,
            user: &self.user,
            members,
        };
        self.connections.tell_room(people, room, &event);
    }

    /// Whether this connection is in a room.
    pub(super) fn is_in(&self, room: &str) -> bool {
        let people = self.connections.people();
        people
            .rooms
            .get(room)
            .is_some_and(|members| members.contains(&self.id))
    }

    /// How many rooms this connection is in.
    pub(super) fn room_count(&self) -> usize {
        let people = self.connections.people();
        people
            .rooms
            .values()
            .filter(|members| members.contains(&self.id))
            .count()
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut people = self.connections.people();
        people.connections.remove(&self.id);
        if let Some(connections) = people.users.get_mut(&self.user) {
            connections.remove(&self.id);
            if connections.is_empty() {
                people.users.remove(&self.user);
            }
        }
        let rooms = people.rooms.iter();
        let rooms: Vec<String> = rooms
            .filter(|(_, members)| members.contains(&self.id))
            .map(|(room, _)| room.clone())
            .collect();
        for room in rooms {
            self.leave_room(&mut people, &room);
        }
        let count = people.connections.len();
        self.connections.0.count.store(count, Ordering::Relaxed);
        tracing::debug!(user = self.user, "disconnected");
    }
}
