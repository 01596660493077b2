//! Reviews and tracks, made up once and for all.

use fastrand::Rng;

use super::{Review, Track};

const PRODUCTS: [&str; 8] = [
    "Enamel teapot, 1 l",
    "Folding bicycle lamp",
    "Notebook, dotted, A5",
    "Travel chess set",
    "Wool blanket, grey",
    "Garden trowel",
    "Desk fan with timer",
    "Bamboo cutting board",
];
const AUTHORS: [&str; 10] = [
    "Ana R.",
    "Ben K.",
    "Chloé D.",
    "Dmitri S.",
    "Emeka O.",
    "Freya L.",
    "Gus M.",
    "Hana T.",
    "Ivo P.",
    "Jun W.",
];
/// What people write, by how many stars they give.
const TEXTS: [[&str; 3]; 5] = [
    [
        "Broke on the second day. I sent it back.",
        "Not what the picture shows & smaller than described.",
        "Arrived with a crack; nobody answered my e-mail.",
    ],
    [
        "It works, but the lid < the box it came in.",
        "Two weeks late, and a part is missing.",
        "I expected more for the price.",
    ],
    [
        "Does what it should. No more, no less.",
        "Fine for the occasional weekend.",
        "Good, but the manual is \"creative\".",
    ],
    [
        "Use it every day; one star off for the color.",
        "Well made. A little heavy.",
        "A gift for my sister, who likes it a lot.",
    ],
    [
        "Exactly right. I bought a second one.",
        "After a year still like new.",
        "My favorite thing on the whole desk.",
    ],
];
const ADJECTIVES: [&str; 8] = [
    "Slow", "Blue", "Distant", "Paper", "Second", "Quiet", "Electric", "Last",
];
const NOUNS: [&str; 8] = [
    "River", "Garden", "Signal", "Harbor", "Summer", "Engine", "Orchard", "Lantern",
];
const ARTISTS: [&str; 6] = [
    "The Tall Grass",
    "Mira & the Gulls",
    "Northbound",
    "Otto Lindqvist",
    "Half Past Nine",
    "Lua Branca",
];

/// Forty reviews.
pub(super) fn reviews() -> Vec<Review> {
    let mut rng = Rng::with_seed(11);
    (1..=40)
        .map(|id| {
            // More good than bad, as in any shop.
            let rating = rng.u8(1..=5).max(rng.u8(1..=5));
            let texts = &TEXTS[usize::from(rating - 1)];
            Review {
                id,
                product: pick(&mut rng, &PRODUCTS),
                author: pick(&mut rng, &AUTHORS),
                rating,
                text: pick(&mut rng, texts),
                date: format!("2026-{:02}-{:02}", rng.u8(1..=12), rng.u8(1..=28)),
            }
        })
        .collect()
}

/// Thirty tracks.
pub(super) fn music() -> Vec<Track> {
    let mut rng = Rng::with_seed(12);
    (1..=30)
        .map(|id| Track {
            id,
            title: title(&mut rng),
            artist: pick(&mut rng, &ARTISTS),
            album: title(&mut rng),
            year: rng.u16(1974..=2026),
            seconds: rng.u32(110..=420),
        })
        .collect()
}

fn title(rng: &mut Rng) -> String {
    pick(rng, &ADJECTIVES) + " " + &pick(rng, &NOUNS)
}

fn pick(rng: &mut Rng, words: &[&str]) -> String {
    words[rng.usize(..words.len())].to_owned()
}
