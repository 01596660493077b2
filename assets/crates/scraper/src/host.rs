//! What is owed to one host: its rules, few requests at once, and a pause between two.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::fetch::body;
use crate::robots::Robots;

/// A host, and the gate through which every request to it goes.
#[derive(Debug)]
pub struct Host {
    pub robots: Robots,
    places: Semaphore,
    next: Mutex<Instant>,
    delay: Duration,
}

impl Host {
    /// A host with room for `places` requests at once, `delay` or more apart.
    pub fn new(robots: Robots, places: usize, delay: Duration) -> Host {
        Host {
            delay: delay.max(robots.delay),
            robots,
            places: Semaphore::new(places),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for a place, and then until the next request may be sent.
    pub async fn enter(&self) -> SemaphorePermit<'_> {
        let place = self.places.acquire().await.expect("this semaphore is never closed");
        // Held across the sleep on purpose: whoever comes next waits behind us.
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.delay;
        place
    }
}

/// Asks a host for its robots.txt. No file: no rules. No answer: nothing is allowed.
pub async fn robots_of(client: &Client, page: &Url, agent: &str) -> Robots {
    let Ok(url) = page.join("/robots.txt") else {
        return Robots::closed();
    };
    let asked = client.get(url).timeout(Duration::from_secs(5)).send().await;
    match asked.map(|response| (response.status(), response)) {
        Ok((StatusCode::OK, response)) => match body(response, 500_000).await {
            Ok(text) => Robots::parse(&text, agent),
            Err(_) => Robots::closed(),
        },
        Ok((status, _)) if status.is_client_error() => Robots::default(),
        _ => Robots::closed(),
    }
}
