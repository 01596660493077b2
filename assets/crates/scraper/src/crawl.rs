//! The loop that follows links from page to page, until there is no new one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use indicatif::ProgressBar;
use reqwest::{Client, Url, redirect};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fetch::{Answer, Failure, Limits, fetch_patiently};
use crate::host::{Host, robots_of};
use crate::links::links;
use crate::store::{Entry, Outcome, Store};

/// How a site is treated.
#[derive(Debug, Clone)]
pub struct Settings {
    pub agent: String,
    pub per_host: usize,
    pub delay: Duration,
    pub depth: usize,
    pub most_pages: usize,
    pub limits: Limits,
}

impl Settings {
    pub fn client(&self) -> reqwest::Result<Client> {
        // A redirect is an address like a link's: it passes through the same gate.
        let client = Client::builder().redirect(redirect::Policy::none());
        client.user_agent(&self.agent).build()
    }

    /// What a robots.txt calls us: `scraper` for the agent `scraper/0.1.0`.
    fn name(&self) -> &str {
        self.agent.split('/').next().unwrap_or(&self.agent)
    }
}

/// Follows the links from `seeds`, on their hosts only, and saves what comes. Goes on from where
/// the journal ends. After `stop` it sends no more requests, and returns when those under way end.
pub async fn crawl(
    seeds: &[Url],
    settings: &Settings,
    store: &mut Store,
    stop: &CancellationToken,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let visitor = Visitor::new(settings.clone(), seeds, stop.clone()).await?;
    let mut known: HashSet<String> = store.entries.iter().map(|entry| entry.url.clone()).collect();
    let mut found: Vec<(Url, usize)> = seeds.iter().map(|seed| (seed.clone(), 0)).collect();
    found.extend(store.entries.iter().flat_map(found_by));
    let mut visits = JoinSet::new();
    loop {
        for (url, depth) in found.drain(..) {
            let room = depth <= settings.depth && known.len() < settings.most_pages;
            if room && visitor.knows(&url) && known.insert(url.to_string()) {
                visits.spawn(visitor.clone().visit(url, depth));
                bar.inc_length(1);
            }
        }
        let Some(visit) = visits.join_next().await else {
            return Ok(());
        };
        if let Some((entry, page)) = visit? {
            found.extend(found_by(&entry));
            store.add(entry, page).await?;
            bar.inc(1);
        }
    }
}

/// What an entry of the journal leads to: its links, one step further from the seeds.
fn found_by(entry: &Entry) -> impl Iterator<Item = (Url, usize)> {
    let links = entry.links.iter().filter_map(|link| link.parse().ok());
    links.map(|link| (link, entry.depth + 1))
}

/// What every visit needs. Cheap to clone: each task gets one.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    hosts: Arc<HashMap<String, Host>>,
    settings: Arc<Settings>,
    stop: CancellationToken,
}

impl Visitor {
    /// Asks the hosts of all `seeds` for their rules, all at once.
    pub async fn new(
        settings: Settings,
        seeds: &[Url],
        stop: CancellationToken,
    ) -> anyhow::Result<Visitor> {
        let client = settings.client()?;
        let by_host: HashMap<_, _> = seeds.iter().map(|seed| (seed.authority(), seed)).collect();
        let hosts = join_all(by_host.into_iter().map(async |(name, seed)| {
            let robots = robots_of(&client, seed, settings.name()).await;
            (name.to_owned(), Host::new(robots, settings.per_host, settings.delay))
        }));
        let hosts = Arc::new(hosts.await.into_iter().collect());
        let settings = Arc::new(settings);
        Ok(Visitor { client, hosts, settings, stop })
    }

    fn knows(&self, url: &Url) -> bool {
        self.hosts.contains_key(url.authority())
    }
}

impl Visitor {
    /// Visits an address: what came of it, and the page if there is one. `None`: it was stopped.
    pub async fn visit(self, url: Url, depth: usize) -> Option<(Entry, Option<String>)> {
        let host = self.hosts.get(url.authority())?;
        let entry = |outcome, links: Vec<Url>| Entry {
            url: url.to_string(),
            depth,
            outcome,
            links: links.iter().map(Url::to_string).collect(),
        };
        if !host.robots.allows(url.path()) {
            return Some((entry(Outcome::Forbidden, vec![]), None));
        }
        let _place = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            place = host.enter() => place,
        };
        Some(match fetch_patiently(&self.client, &url, &self.settings.limits, &self.stop).await {
            Ok(Answer::Page(html)) => {
                let outcome = Outcome::Saved { file: String::new(), bytes: html.len() };
                (entry(outcome, links(&html, &url)), Some(html))
            }
            Ok(Answer::Moved(target)) => (entry(Outcome::Moved, vec![target]), None),
            Ok(Answer::NotHtml) => (entry(Outcome::NotHtml, vec![]), None),
            Err(Failure::Stopped) => return None,
            Err(failure) => (entry(Outcome::Failed(failure.to_string()), vec![]), None),
        })
    }
}
