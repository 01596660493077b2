//! What compiles with tokio, tokio-stream and tokio-util compiles with what cells have under these names, and does the same: each
//! function of `like_tokio/programs.rs` is compiled and run with the crates as they are published, and with ours.

/// With the crates as they are published.
mod published {
    use ::{tokio, tokio_stream, tokio_util};
    include!("like_tokio/programs.rs");
}

/// With what cells have.
mod ours {
    use notebook::{tokio, tokio_stream, tokio_util};
    include!("like_tokio/programs.rs");
}
