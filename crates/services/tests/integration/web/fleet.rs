//! The fleet: real processes behind a real proxy. Ratios and orders, never absolute times.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use services::{Call, Fleet, FleetBuilder, InstanceState, StartError};

use super::{client, get, json, limited, problem, until};

/// A twentieth of the lesson's times: calls of 100 ms, cold starts of 150 ms.
fn fleet() -> FleetBuilder {
    Fleet::builder()
        .program(env!("CARGO_BIN_EXE_services"))
        .time_scale(0.05)
}

/// `count` calls at once, and what the fleet noted of them.
async fn calls(fleet: &Fleet, count: usize, path: &str) -> Vec<Call> {
    fleet.clear_calls();
    let client = client();
    let answers = join_all((0..count).map(|_| client.get(fleet.url(path)).send())).await;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
    }
    // A call is noted when the proxy has let go of its answer.
    until(|| fleet.calls().len() == count).await;
    fleet.calls()
}

fn names(calls: &[Call]) -> BTreeSet<&str> {
    calls
        .iter()
        .filter_map(|call| call.instance.as_deref())
        .collect()
}

/// From the first arrival to the last end.
fn span(calls: &[Call]) -> Duration {
    let first = calls.iter().map(|call| call.arrived).min().unwrap();
    let last = calls.iter().map(|call| call.ended).max().unwrap();
    last - first
}

/// How many calls waited for a call before them to end.
fn waited(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| call.waited() > Duration::from_millis(80))
        .count()
}

#[tokio::test]
async fn the_experiments_of_the_lesson() {
    limited(async {
        let fleet = fleet().start().await.unwrap();
        assert_eq!(fleet.instances(), []);
        let cold = calls(&fleet, 25, "/fast-run").await;
        assert_eq!(names(&cold).len(), 3);
        assert!(cold.iter().all(|call| call.was_cold));
        assert_eq!(fleet.started_instances(), 3);

        let warm = calls(&fleet, 25, "/fast-run").await;
        assert_eq!(names(&warm), names(&cold));
        assert!(!warm.iter().any(|call| call.was_cold));
        assert_eq!(waited(&warm), 10);
        assert!(
            span(&cold) > span(&warm) + Duration::from_millis(100),
            "{:?} {:?}",
            span(&cold),
            span(&warm)
        );

        // One wave each.
        let (fifteen, twelve) = (
            calls(&fleet, 15, "/fast-run").await,
            calls(&fleet, 12, "/fast-run").await,
        );
        for few in [&fifteen, &twelve] {
            assert_eq!((waited(few), names(few).len()), (0, 3));
            assert!(span(few) < span(&warm), "{:?} {:?}", span(few), span(&warm));
        }
        // Each instance answers its share one after another: 8 or 9 of 25.
        let slow = calls(&fleet, 25, "/slow-run").await;
        assert!(
            span(&slow) >= Duration::from_millis(800),
            "{:?}",
            span(&slow)
        );
        assert!(
            span(&slow) > span(&warm) * 2,
            "{:?} {:?}",
            span(&slow),
            span(&warm)
        );
        let standard = calls(&fleet, 25, "/standard-run").await;
        assert_eq!(waited(&standard), 10);
        assert!(
            span(&standard) * 2 < span(&slow),
            "{:?} {:?}",
            span(&standard),
            span(&slow)
        );
        let processes: Vec<_> = fleet
            .instances()
            .iter()
            .filter_map(|instance| instance.process)
            .collect();
        fleet.stop().await;
        // None of them outlives the fleet.
        until(|| {
            !processes
                .iter()
                .any(|id| std::path::Path::new(&format!("/proc/{id}")).exists())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    limited(async {
        let fleet = fleet()
            .max_instances(1)
            .concurrency(2)
            .queue(3)
            .start()
            .await
            .unwrap();
        let client = client();
        let answers = join_all((0..9).map(|_| client.get(fleet.url("/fast-run")).send())).await;
        let statuses: Vec<u16> = answers
            .iter()
            .map(|answer| answer.as_ref().unwrap().status().as_u16())
            .collect();
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            5,
            "{statuses:?}"
        );
        assert_eq!(
            statuses.iter().filter(|status| **status == 429).count(),
            4,
            "{statuses:?}"
        );
        let refused = answers
            .into_iter()
            .filter_map(Result::ok)
            .find(|answer| answer.status() == 429)
            .unwrap();
        assert_eq!(refused.headers()["retry-after"], "1");
        problem(refused).await;
    })
    .await;
}

#[tokio::test]
async fn a_killed_instance_costs_its_own_requests_and_is_replaced() {
    limited(async {
        let fleet = fleet()
            .run_time(Duration::from_secs(20))
            .start()
            .await
            .unwrap();
        let client = client();
        let running = join_all((0..15).map(|_| {
            let request = client.get(fleet.url("/fast-run")).send();
            tokio::spawn(async { request.await.unwrap().status().as_u16() })
        }));
        let all_run = || {
            fleet
                .instances()
                .iter()
                .filter(|instance| instance.in_flight == 5)
                .count()
                == 3
        };
        until(all_run).await;
        let victim = fleet.instances()[1].clone();
        assert_eq!(victim.state, InstanceState::Ready);
        assert!(fleet.kill(&victim.name).await);
        assert!(!fleet.kill(&victim.name).await, "it is gone");
        let statuses: Vec<u16> = running.await.into_iter().map(Result::unwrap).collect();
        assert_eq!(
            statuses.iter().filter(|status| **status == 502).count(),
            5,
            "{statuses:?}"
        );
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            10,
            "{statuses:?}"
        );
        // The next calls find three instances again.
        let after = calls(&fleet, 15, "/say-hi").await;
        assert!(!names(&after).contains(victim.name.as_str()));
    })
    .await;
}

/// As when somebody else kills it: the fleet is not told.
#[tokio::test]
async fn an_instance_that_dies_by_itself_is_replaced() {
    limited(async {
        let fleet = fleet().start().await.unwrap();
        let first = calls(&fleet, 1, "/say-hi").await;
        let process = fleet.instances()[0].process.unwrap().to_string();
        let killed = tokio::process::Command::new("kill")
            .args(["-KILL", &process])
            .status()
            .await
            .unwrap();
        assert!(killed.success());
        until(|| fleet.instances().is_empty()).await;
        let second = calls(&fleet, 1, "/say-hi").await;
        assert_ne!(names(&first), names(&second));
        assert_eq!(fleet.started_instances(), 2);
    })
    .await;
}

#[tokio::test]
async fn idle_instances_are_stopped_and_the_next_start_is_cold() {
    limited(async {
        let fleet = fleet()
            .idle_after(Duration::from_secs(2))
            .start()
            .await
            .unwrap();
        calls(&fleet, 15, "/say-hi").await;
        until(|| fleet.instances().is_empty()).await;
        assert!(calls(&fleet, 1, "/say-hi").await[0].was_cold);
        fleet.stop_idle().await;
        assert_eq!(fleet.instances(), []);
    })
    .await;
}

#[tokio::test]
async fn requests_go_through_as_they_are() {
    limited(async {
        let fleet = fleet().start().await.unwrap();
        let body = serde_json::json!({ "title": "Tea", "description": "Green" });
        let made = client()
            .post(fleet.url("/tasks"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201);
        assert_eq!(made.headers()["location"], "/tasks/1");
        let instance = made.headers()["x-app-instance-id"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(instance, fleet.instances()[0].name);
        let answer = get(fleet.url("/tasks?status=wrong")).await;
        assert_eq!(answer.headers()["x-fleet-cold-start"], "false");
        assert_eq!(problem(answer).await["errors"][0]["field"], "status");
        let list = json(get(fleet.url("/tasks?status=todo")).await).await;
        assert_eq!(list["items"][0]["title"], "Tea");
    })
    .await;
}

#[tokio::test]
async fn without_the_program_there_is_a_sentence_that_helps() {
    let error = fleet()
        .program("/no/such/program")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(&error, StartError::Program { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("/no/such/program")
            && text.contains("cargo build --release --package services"),
        "{text}"
    );
}

#[tokio::test]
async fn a_program_that_is_no_instance_is_told_of() {
    limited(async {
        let fleet = fleet().program("/bin/false").start().await.unwrap();
        let answer = problem(get(fleet.url("/say-hi")).await).await;
        assert_eq!(answer["status"], 503);
        assert!(
            answer["detail"]
                .as_str()
                .unwrap()
                .contains("ended before it was ready"),
            "{answer}"
        );
    })
    .await;
}
