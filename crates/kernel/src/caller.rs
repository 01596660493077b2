//! Who may call on the kernel's own sockets: processes of this user that know the session's token.
//!
//! The worker and the shim get the socket's path and the token by their environment.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Names the worker's socket, for the worker.
pub const WORKER_SOCKET: &str = "ASYNC_NOTEBOOK_SOCKET";

/// Names the socket of the compile service, for the shim.
pub const COMPILE_SOCKET: &str = "ASYNC_NOTEBOOK_COMPILE_SOCKET";

/// Names the token, for those who call.
pub const TOKEN_VARIABLE: &str = "ASYNC_NOTEBOOK_TOKEN";

/// How long who calls may take to say the token.
const GREETING: Duration = Duration::from_secs(10);

/// 128 random bits, as 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new() -> std::io::Result<Token> {
        let mut random = [0u8; 16];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let digits = random.iter().map(|byte| format!("{byte:02x}"));
        Ok(Token(digits.collect()))
    }

    /// As it stands in the environment.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what a caller says first.
    ///
    /// # Errors
    /// When it is another user's process, says something else, or nothing for ten seconds.
    pub fn check(&self, mut caller: &UnixStream) -> std::io::Result<()> {
        let user = rustix::net::sockopt::socket_peercred(caller)?.uid;
        let refuse = |reason: &str| Err(Error::new(ErrorKind::PermissionDenied, reason));
        if user != rustix::process::getuid() {
            return refuse("a process of another user called");
        }
        caller.set_read_timeout(Some(GREETING))?;
        let mut said = vec![0; self.0.len()];
        caller.read_exact(&mut said)?;
        caller.set_read_timeout(None)?;
        if said != self.0.as_bytes() {
            return refuse("a process called that does not know the session's token");
        }
        Ok(())
    }
}

/// Listens at `path` for as long as the kernel lives, and serves each who knows the token, on a thread of its own.
///
/// # Errors
/// When nothing can listen there, or no thread can be started.
pub fn listen(
    path: &Path,
    token: Token,
    name: &'static str,
    serve: impl Fn(UnixStream) + Send + Sync + 'static,
) -> std::io::Result<()> {
    let listener = UnixListener::bind(path)?;
    let (token, serve) = (Arc::new(token), Arc::new(serve));
    let accept = move || {
        for caller in listener.incoming() {
            let (token, serve) = (Arc::clone(&token), Arc::clone(&serve));
            let serve = move |caller: UnixStream| match token.check(&caller) {
                Ok(()) => serve(caller),
                Err(error) => tracing::warn!(%error, name, "a call was refused"),
            };
            let served = caller.and_then(|caller| {
                let thread = std::thread::Builder::new().name(name.to_owned());
                thread.spawn(move || serve(caller))
            });
            if let Err(error) = served {
                tracing::error!(%error, name, "a call could not be served");
            }
        }
    };
    std::thread::Builder::new()
        .name(format!("{name} calls"))
        .spawn(accept)?;
    Ok(())
}

/// Calls at the socket that a variable names, and says the token.
///
/// # Errors
/// When the variables are not there or nobody listens.
pub fn connect(socket_variable: &str) -> std::io::Result<UnixStream> {
    let of_kernel = |name| {
        let missing = || Error::new(ErrorKind::NotFound, format!("{name} is not set"));
        std::env::var_os(name).ok_or_else(missing)
    };
    let mut stream = UnixStream::connect(Path::new(&of_kernel(socket_variable)?))?;
    stream.write_all(of_kernel(TOKEN_VARIABLE)?.as_encoded_bytes())?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_knows_the_token_may_call() {
        let token = Token::new().expect("random numbers");
        assert_ne!(token, Token::new().expect("random numbers"));
        for (said, is_welcome) in [
            (token.as_str(), true),
            ("0123456789abcdef0123456789abcdef", false),
            ("", false),
        ] {
            let (mut caller, called) = UnixStream::pair().expect("two sockets");
            caller.write_all(said.as_bytes()).expect("it is written");
            drop(caller);
            assert_eq!(token.check(&called).is_ok(), is_welcome, "{said}");
        }
    }
}
