//! The tasks API of lesson 11, as a program: `cargo run` serves it on 127.0.0.1:8000 until Ctrl-C.

#[cfg(test)]
mod tests;

use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request as AnyRequest, State};
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use chrono::NaiveDate;
use garde::Validate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Open,
    Done,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

fn not_blank(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be blank"));
    }
    Ok(())
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct NewTask {
    #[serde(default)]
    #[garde(custom(not_blank), length(chars, max = 100))]
    title: String,
    #[serde(default)]
    #[garde(custom(not_blank))]
    description: String,
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    status: Status,
    due: Option<NaiveDate>,
}

#[derive(Clone, Debug, Serialize)]
struct Task {
    id: u32,
    #[serde(flatten)]
    content: NewTask,
}

#[derive(Default)]
struct Store {
    last_id: u32,
    tasks: BTreeMap<u32, Task>,
}

#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Store>>);

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Serialize)]
struct Problem {
    title: String,
    status: u16,
    detail: String,
    errors: BTreeMap<String, String>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Problem {
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: BTreeMap::new(),
        }
    }
    fn no_task(id: u32) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, format!("no task {id}"))
    }
}
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (
            status,
            [(CONTENT_TYPE, "application/problem+json")],
            Json(self),
        )
            .into_response()
    }
}

struct Valid<T>(T);

impl<S: Send + Sync, T: DeserializeOwned + Validate<Context = ()>> FromRequest<S> for Valid<T> {
    type Rejection = Problem;
    async fn from_request(request: AnyRequest, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::<T>::from_request(request, state)
            .await
            .map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        value.validate().map_err(|report| Problem {
            errors: report
                .iter()
                .map(|(path, e)| (path.to_string(), e.to_string()))
                .collect(),
            ..Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "some fields are not valid",
            )
        })?;
        Ok(Valid(value))
    }
}

async fn create(
    State(tasks): State<Tasks>,
    Valid(content): Valid<NewTask>,
) -> (StatusCode, Json<Task>) {
    let mut store = tasks.lock();
    store.last_id += 1;
    let task = Task {
        id: store.last_id,
        content,
    };
    store.tasks.insert(task.id, task.clone());
    (StatusCode::CREATED, Json(task))
}
async fn read(State(tasks): State<Tasks>, Path(id): Path<u32>) -> Result<Json<Task>, Problem> {
    tasks
        .lock()
        .tasks
        .get(&id)
        .cloned()
        .map(Json)
        .ok_or_else(|| Problem::no_task(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    status: Option<Status>,
    priority: Option<Priority>,
    due_until: Option<NaiveDate>,
}

impl Filter {
    fn lets_through(&self, task: &NewTask) -> bool {
        self.status.is_none_or(|status| task.status == status)
            && self
                .priority
                .is_none_or(|priority| task.priority == priority)
            && self
                .due_until
                .is_none_or(|until| task.due.is_some_and(|due| due <= until))
    }
}
async fn list(State(tasks): State<Tasks>, Query(filter): Query<Filter>) -> Json<Vec<Task>> {
    let store = tasks.lock();
    Json(
        store
            .tasks
            .values()
            .filter(|task| filter.lets_through(&task.content))
            .cloned()
            .collect(),
    )
}

async fn replace(
    State(tasks): State<Tasks>,
    Path(id): Path<u32>,
    Valid(content): Valid<NewTask>,
) -> Result<Json<Task>, Problem> {
    let mut store = tasks.lock();
    let task = store
        .tasks
        .get_mut(&id)
        .ok_or_else(|| Problem::no_task(id))?;
    task.content = content;
    Ok(Json(task.clone()))
}
async fn remove(State(tasks): State<Tasks>, Path(id): Path<u32>) -> Result<StatusCode, Problem> {
    let removed = tasks.lock().tasks.remove(&id);
    removed
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| Problem::no_task(id))
}

fn patched(content: &NewTask, patch: Map<String, Value>) -> Result<NewTask, String> {
    let mut value = json!(content);
    if let Some(fields) = value.as_object_mut() {
        fields.extend(patch)
    }
    let content: NewTask = serde_json::from_value(value).map_err(|error| error.to_string())?;
    content.validate().map_err(|report| report.to_string())?;
    Ok(content)
}

async fn change(
    State(tasks): State<Tasks>,
    Path(id): Path<u32>,
    Json(patch): Json<Map<String, Value>>,
) -> Result<Json<Task>, Problem> {
    let mut store = tasks.lock();
    let task = store
        .tasks
        .get_mut(&id)
        .ok_or_else(|| Problem::no_task(id))?;
    task.content = patched(&task.content, patch)
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    Ok(Json(task.clone()))
}

fn tasks_app(tasks: Tasks) -> Router {
    Router::new()
        .route("/tasks", get(list).post(create))
        .route(
            "/tasks/{id}",
            get(read).put(replace).patch(change).delete(remove),
        )
        .layer(DefaultBodyLimit::max(4096))
        .with_state(tasks)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    println!("http://{}/tasks, until Ctrl-C", listener.local_addr()?);
    let stop = async {
        // An error means that there is no such signal here: then serve until the process is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    axum::serve(listener, tasks_app(Tasks::default()))
        .with_graceful_shutdown(stop)
        .await
}
