//! The program `services`: runs one of the lessons' services from a terminal, a container, or a fleet. It is in the library so
//! that whoever links to that can make the program in a second.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Catalog, End, Fleet, Pages, Server, WebService};

/// Runs one of the small services that the lessons talk to, until Ctrl-C or SIGTERM.
///
/// It prints its address when it accepts connections. What it logs goes to the standard error; RUST_LOG says how much,
/// as in RUST_LOG=debug.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    service: Service,
}

#[derive(Subcommand)]
enum Service {
    /// Web pages of settable size and latency.
    Pages {
        /// The port to listen on, on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Bytes in a page, 512 to 10000000.
        #[arg(long, default_value_t = 10_000)]
        size: usize,
        /// Milliseconds until a page is answered, at most 60000.
        #[arg(long, default_value_t = 100)]
        latency_ms: u64,
    },
    /// A remote service to fetch from: reviews and music.
    Catalog {
        /// The port to listen on, on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// The web application: items, remote data, tasks, slow answers, WebSockets, Swagger UI at /docs.
    Web(WebArguments),
    /// Asks a server on this machine whether it lives: for a container's health check.
    Health {
        /// The port that it listens on.
        #[arg(long, env = "PORT", default_value_t = 8080)]
        port: u16,
    },
    /// Instances of the web application behind a proxy that starts and stops them.
    Fleet {
        /// The port to listen on, on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// The most instances at once.
        #[arg(long, default_value_t = 3)]
        max_instances: usize,
        /// The most requests that one instance is given at once.
        #[arg(long, default_value_t = 5)]
        concurrency: usize,
        /// What all times are multiplied by: calls of 2 s, cold starts of 3 s, and so on.
        #[arg(long, default_value_t = 1.0)]
        time_scale: f64,
    },
}

#[derive(Args)]
struct WebArguments {
    /// The port to listen on; 0 takes any free one.
    #[arg(long, env = "PORT", default_value_t = 0)]
    port: u16,
    /// The address to listen on: 0.0.0.0 in a container.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The app_instance_id; at random unless given.
    #[arg(long)]
    instance: Option<String>,
    /// Milliseconds that /standard-run, /slow-run and /fast-run take.
    #[arg(long, default_value_t = 2_000.0)]
    run_ms: f64,
    /// The remote service behind /data and /ui; one of its own unless given.
    #[arg(long)]
    remote: Option<String>,
    /// Threads that serve.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// The most requests in flight; further ones are answered with 503.
    #[arg(long, default_value_t = 10_000)]
    max_concurrent: usize,
    /// Milliseconds to wait before it accepts connections.
    #[arg(long, default_value_t = 0.0, hide = true)]
    start_up_ms: f64,
    /// Belongs to a fleet: says its address in the fleet's form, and ends when its standard input does.
    #[arg(long, hide = true)]
    supervised: bool,
}

/// Does what the command line says, until the service is asked to end; the status to exit with. What is wrong with the
/// command line is said on the standard error, and the process ends.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     services::command_line::main()
/// }
/// ```
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let asked = std::env::var("RUST_LOG").ok();
    let filter = asked.and_then(|filter| filter.parse::<Targets>().ok());
    let _ = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN)))
        .try_init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments.service)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Error = Box<dyn std::error::Error>;

async fn run(service: Service) -> Result<(), Error> {
    // Listened for before the address is printed: whoever reads the address may press Ctrl-C at once.
    let mut end = Ending::new()?;
    match service {
        Service::Pages {
            port,
            size,
            latency_ms,
        } => {
            let site = Pages::builder()
                .port(port)
                .size(size)
                .latency(Duration::from_millis(latency_ms));
            let site = site.start().await?;
            println!("{}", site.url("/"));
            serve(site.server(), &mut end).await
        }
        Service::Catalog { port } => {
            let catalog = Catalog::builder().port(port).start().await?;
            println!("{}", catalog.url("/"));
            serve(catalog.server(), &mut end).await
        }
        Service::Web(arguments) => {
            end.with_standard_input = arguments.supervised;
            run_web(arguments, &mut end).await
        }
        Service::Health { port } => check_health(port).await,
        Service::Fleet {
            port,
            max_instances,
            concurrency,
            time_scale,
        } => {
            let fleet = Fleet::builder()
                .port(port)
                .max_instances(max_instances)
                .concurrency(concurrency)
                .time_scale(time_scale);
            let fleet = fleet.start().await?;
            println!("{}", fleet.url("/"));
            serve(fleet.server(), &mut end).await
        }
    }
}

async fn run_web(arguments: WebArguments, end: &mut Ending) -> Result<(), Error> {
    let wait = milliseconds("--start-up-ms", arguments.start_up_ms)?;
    let mut builder = WebService::builder()
        .run_time(milliseconds("--run-ms", arguments.run_ms)?)
        .server(|server| {
            server
                .host(arguments.host)
                .port(arguments.port)
                .workers(arguments.workers)
                .max_concurrent(arguments.max_concurrent)
        });
    if let Some(name) = arguments.instance {
        builder = builder.instance(name);
    }
    if let Some(remote) = arguments.remote {
        builder = builder.remote(remote);
    }
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = end.is_asked_for() => return Ok(()),
    }
    let web = builder.start().await?;
    if arguments.supervised {
        println!("{}", crate::ready_line(web.address()));
    } else {
        println!("{}", web.url("/"));
    }
    serve(web.server(), end).await
}

async fn check_health(port: u16) -> Result<(), Error> {
    let asking = async {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        connection.write_all(request).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), asking).await??;
    match answer.lines().next() {
        Some("HTTP/1.1 200 OK") => Ok(()),
        other => Err(format!("the server on port {port} answered {other:?}").into()),
    }
}

fn milliseconds(option: &str, given: f64) -> Result<Duration, Error> {
    let time = Duration::try_from_secs_f64(given / 1e3);
    time.map_err(|error| format!("{option} is {given}: {error}").into())
}

/// Waits until the end is asked for, or the server ends by itself.
async fn serve(server: &Server, end: &mut Ending) -> Result<(), Error> {
    tokio::select! {
        () = end.is_asked_for() => {
            server.stop().await;
            Ok(())
        }
        ended = server.ended() => match ended {
            End::Failed(reason) => Err(reason.into()),
            _ => Ok(()),
        }
    }
}

/// All that asks this program to end.
struct Ending {
    interrupt: Signal,
    terminate: Signal,
    with_standard_input: bool,
}

impl Ending {
    fn new() -> std::io::Result<Ending> {
        Ok(Ending {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            with_standard_input: false,
        })
    }

    async fn is_asked_for(&mut self) {
        let input_ends = async {
            if !self.with_standard_input {
                return std::future::pending().await;
            }
            let mut input = tokio::io::stdin();
            let mut ignored = [0; 64];
            while input.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = input_ends => {}
        }
    }
}
