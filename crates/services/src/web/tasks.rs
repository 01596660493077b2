//! The tasks API: the handlers. What a task is, and where tasks are kept, stands in the modules below.

mod model;
mod store;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Path, Query, Valid};
use super::failures::{Conflict, NoSuchTask, WrongBody, WrongField};
use crate::problem::Problem;
use model::{NewTask, Task, TaskChange};
pub(super) use store::Tasks;
use store::{Refusal, TaskPage, TaskQuery};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TaskPath {
    /// The task's number.
    #[param(example = 1, minimum = 0, maximum = 4294967295_u64)]
    id: u32,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let status = match refusal {
            Refusal::NoSuchTask(_) => StatusCode::NOT_FOUND,
            Refusal::Taken(_) | Refusal::Full => StatusCode::CONFLICT,
        };
        Problem::new(status, refusal.to_string())
    }
}

/// The tasks that meet every condition given, sorted, one page of them.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery), responses(
    (status = 200, body = TaskPage),
    WrongField,
))]
pub(super) async fn list(
    State(tasks): State<Arc<Tasks>>,
    Query(query): Query<TaskQuery>,
) -> Result<Json<TaskPage>, Problem> {
    query.check()?;
    Ok(Json(tasks.list(&query)))
}

/// A new task, with the next free number.
#[utoipa::path(post, path = "/tasks", tag = "tasks", request_body = NewTask, responses(
    (status = 201, description = "Made", body = Task, headers(("location" = String, description = "Where it is"))),
    WrongBody,
    Conflict,
))]
pub(super) async fn create(
    State(tasks): State<Arc<Tasks>>,
    Valid(new): Valid<NewTask>,
) -> Result<impl IntoResponse, Problem> {
    Ok(created(tasks.add(None, new)?))
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(TaskPath), responses(
    (status = 200, body = Task),
    NoSuchTask,
    WrongField,
))]
pub(super) async fn read(
    State(tasks): State<Arc<Tasks>>,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Result<Json<Task>, Problem> {
    Ok(Json(tasks.get(id)?))
}

/// A new task with this number, which must be free.
#[utoipa::path(post, path = "/tasks/{id}", tag = "tasks", params(TaskPath), request_body = NewTask, responses(
    (status = 201, description = "Made", body = Task, headers(("location" = String, description = "Where it is"))),
    WrongBody,
    Conflict,
))]
pub(super) async fn create_with_id(
    State(tasks): State<Arc<Tasks>>,
    Path(TaskPath { id }): Path<TaskPath>,
    Valid(new): Valid<NewTask>,
) -> Result<impl IntoResponse, Problem> {
    Ok(created(tasks.add(Some(id), new)?))
}

/// Another task in place of this one.
#[utoipa::path(put, path = "/tasks/{id}", tag = "tasks", params(TaskPath), request_body = NewTask, responses(
    (status = 200, body = Task),
    NoSuchTask,
    WrongBody,
))]
pub(super) async fn replace(
    State(tasks): State<Arc<Tasks>>,
    Path(TaskPath { id }): Path<TaskPath>,
    Valid(new): Valid<NewTask>,
) -> Result<Json<Task>, Problem> {
    Ok(Json(tasks.update(id, |task| new.replace(task))?))
}

/// Some fields of a task changed; those that are not given stay.
#[utoipa::path(patch, path = "/tasks/{id}", tag = "tasks", params(TaskPath), request_body = TaskChange, responses(
    (status = 200, body = Task),
    NoSuchTask,
    WrongBody,
))]
pub(super) async fn change(
    State(tasks): State<Arc<Tasks>>,
    Path(TaskPath { id }): Path<TaskPath>,
    Valid(change): Valid<TaskChange>,
) -> Result<Json<Task>, Problem> {
    Ok(Json(tasks.update(id, |task| change.apply(task))?))
}

/// Deletes a task.
#[utoipa::path(delete, path = "/tasks/{id}", tag = "tasks", params(TaskPath), responses(
    (status = 204, description = "Deleted"),
    NoSuchTask,
    WrongField,
))]
pub(super) async fn delete(
    State(tasks): State<Arc<Tasks>>,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Result<StatusCode, Problem> {
    tasks.remove(id)?;
    Ok(StatusCode::NO_CONTENT)
}

fn created(task: Task) -> impl IntoResponse {
    let location = [(header::LOCATION, format!("/tasks/{}", task.id))];
    (StatusCode::CREATED, location, Json(task))
}
