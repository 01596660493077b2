//! What the API holds: the same for the same seed.

use fastrand::Rng;
use serde_json::{Value, json};

const USERS: [(&str, &str); 10] = [
    ("Ada Marlow", "Bergen"),
    ("Ben Okafor", "Lagos"),
    ("Chiara Lund", "Turin"),
    ("Dmitri Vale", "Riga"),
    ("Elif Demir", "Izmir"),
    ("Farid Haddad", "Tunis"),
    ("Grace Tanaka", "Sendai"),
    ("Hugo Prado", "Porto"),
    ("Ines Keller", "Basel"),
    ("Jonas Wilde", "Bremen"),
];
const THINGS: [&str; 8] = [
    "the boat",
    "the report",
    "the garden",
    "the letter",
    "the old clock",
    "the bread",
    "the map",
    "the song",
];
const DEEDS: [&str; 6] = ["paint", "finish", "look after", "send", "repair", "share"];

/// Users, posts and todos, each as a JSON object.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) users: Vec<Value>,
    pub(super) posts: Vec<Value>,
    pub(super) todos: Vec<Value>,
}

impl Data {
    /// Draws them. No two users have equally many posts, so that there is one who has most.
    pub(super) fn new(seed: u64) -> Data {
        let mut rng = Rng::with_seed(seed);
        let mut data = Data {
            users: Vec::new(),
            posts: Vec::new(),
            todos: Vec::new(),
        };
        let mut post_counts: Vec<usize> = (3..).take(USERS.len()).collect();
        rng.shuffle(&mut post_counts);
        for ((index, (name, city)), posts) in USERS.iter().enumerate().zip(post_counts) {
            let id = index + 1;
            let username = name.to_lowercase().replace(' ', ".");
            let email = format!("{username}@post.example");
            data.users.push(json!({ "id": id, "name": name, "username": username, "email": email, "city": city }));
            for _ in 0..posts {
                let (title, body) = (sentence(&mut rng), sentence(&mut rng));
                let number = data.posts.len() + 1;
                data.posts
                    .push(json!({ "userId": id, "id": number, "title": title, "body": body }));
            }
            for _ in 0..rng.usize(10..=30) {
                let (title, completed) = (sentence(&mut rng), rng.bool());
                let number = data.todos.len() + 1;
                data.todos.push(
                    json!({ "userId": id, "id": number, "title": title, "completed": completed }),
                );
            }
        }
        data
    }
}

fn sentence(rng: &mut Rng) -> String {
    let (deed, thing) = (
        DEEDS[rng.usize(..DEEDS.len())],
        THINGS[rng.usize(..THINGS.len())],
    );
    format!("{deed} {thing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_data_and_another_one_other_data() {
        assert_eq!(Data::new(7).todos, Data::new(7).todos);
        assert_ne!(Data::new(7).todos, Data::new(8).todos);
    }

    #[test]
    fn one_user_has_most_posts() {
        for seed in 0..50 {
            let data = Data::new(seed);
            let of = |id: usize| {
                data.posts
                    .iter()
                    .filter(|post| post["userId"] == id)
                    .count()
            };
            let mut counts: Vec<usize> = (1..=10).map(of).collect();
            counts.sort_unstable();
            assert_eq!(counts, (3..13).collect::<Vec<_>>());
        }
    }
}
