//! What a site's robots.txt says to this program.

use std::collections::HashMap;
use std::time::Duration;

/// The rules of a robots.txt for one program: which paths it may ask for, and how quickly.
#[derive(Debug, Default, Clone)]
pub struct Robots {
    rules: Vec<(String, bool)>,
    pub delay: Duration,
}

impl Robots {
    /// Reads the rules for `agent` or, where it isn't named, those for everybody (`*`).
    pub fn parse(text: &str, agent: &str) -> Robots {
        let mut groups: HashMap<String, Robots> = HashMap::new();
        let (mut agents, mut in_rules) = (Vec::new(), false);
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or("");
            let Some((field, value)) = line.split_once(':') else {
                continue;
            };
            let (field, value) = (field.trim().to_ascii_lowercase(), value.trim());
            if field == "user-agent" {
                if std::mem::take(&mut in_rules) {
                    agents.clear();
                }
                agents.push(value.to_ascii_lowercase());
                continue;
            }
            in_rules = true;
            for agent in &agents {
                groups.entry(agent.clone()).or_default().add(&field, value);
            }
        }
        let ours = groups.remove(&agent.to_ascii_lowercase());
        ours.or_else(|| groups.remove("*")).unwrap_or_default()
    }

    fn add(&mut self, field: &str, value: &str) {
        match field {
            "allow" | "disallow" if !value.is_empty() => {
                self.rules.push((value.to_owned(), field == "allow"));
            }
            "crawl-delay" => {
                let seconds = value.parse().unwrap_or(0.0);
                self.delay = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            }
            _ => {}
        }
    }

    /// The rules of a site whose robots.txt can't be had: nothing is allowed.
    pub fn closed() -> Robots {
        Robots { rules: vec![("/".to_owned(), false)], delay: Duration::ZERO }
    }

    /// Whether this path may be asked for: the longest rule that fits it decides.
    pub fn allows(&self, path: &str) -> bool {
        let fitting = self.rules.iter().filter(|(begin, _)| path.starts_with(begin));
        let longest = fitting.max_by_key(|(begin, allow)| (begin.len(), *allow));
        longest.is_none_or(|(_, allow)| *allow)
    }
}
