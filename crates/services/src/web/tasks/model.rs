//! What a task is, and what a client may send to make or change one.

use chrono::{DateTime, NaiveDate, Utc};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How far a task is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Not begun.
    #[default]
    Todo,
    /// Begun.
    Doing,
    /// Finished.
    Done,
}

/// How much it matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Priority {
    Low,
    #[default]
    Medium,
    High,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Task {
    /// Its number.
    #[schema(example = 1)]
    pub(super) id: u32,
    #[schema(example = "Tea")]
    pub(super) title: String,
    #[schema(example = "Green, two cups")]
    pub(super) description: String,
    pub(super) status: Status,
    pub(super) priority: Priority,
    /// The day by which it is to be done.
    pub(super) due: Option<NaiveDate>,
    /// When it was made.
    pub(super) created_at: DateTime<Utc>,
    /// When it was last changed.
    pub(super) updated_at: DateTime<Utc>,
}

/// A task to make. Spaces around the title and the description are dropped.
// What must be there is an `Option` all the same, so that an answer can name everything that is missing.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    #[garde(custom(required), custom(not_blank), length(chars, max = 200))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(example = "Tea", required, nullable = false, value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    title: Option<String>,
    #[garde(custom(required), custom(not_blank), length(chars, max = 2_000))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(example = "Green, two cups", required, nullable = false, value_type = String, min_length = 1, max_length = 2_000, pattern = r"\S")]
    description: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    status: Status,
    #[garde(skip)]
    #[serde(default)]
    priority: Priority,
    /// The day by which it is to be done.
    #[garde(skip)]
    #[schema(example = "2026-12-24")]
    due: Option<NaiveDate>,
}

impl NewTask {
    /// The task that was asked for. What is required is there: the body has been validated.
    pub(super) fn into_task(self, id: u32) -> Task {
        let now = Utc::now();
        Task {
            id,
            title: trimmed(self.title),
            description: trimmed(self.description),
            status: self.status,
            priority: self.priority,
            due: self.due,
            created_at: now,
            updated_at: now,
        }
    }

    /// Puts it in the place of a task, which keeps its number and when it was made.
    pub(super) fn replace(self, task: &mut Task) {
        let created_at = task.created_at;
        *task = Task {
            created_at,
            ..self.into_task(task.id)
        };
    }
}

/// What is to change in a task. A field that is not given stays as it is; `"due": null` takes the day away.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskChange {
    #[garde(custom(not_blank), length(chars, max = 200))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(
        example = "Coffee",
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"\S"
    )]
    title: Option<String>,
    #[garde(custom(not_blank), length(chars, max = 2_000))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, min_length = 1, max_length = 2_000, pattern = r"\S")]
    description: Option<String>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    status: Option<Status>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    priority: Option<Priority>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    due: Option<Option<NaiveDate>>,
}

impl TaskChange {
    pub(super) fn apply(self, task: &mut Task) {
        let title = self.title.map(|title| trimmed(Some(title)));
        let description = self
            .description
            .map(|description| trimmed(Some(description)));
        task.title = title.unwrap_or_else(|| std::mem::take(&mut task.title));
        task.description = description.unwrap_or_else(|| std::mem::take(&mut task.description));
        task.status = self.status.unwrap_or(task.status);
        task.priority = self.priority.unwrap_or(task.priority);
        task.due = self.due.unwrap_or(task.due);
        task.updated_at = Utc::now();
    }
}

fn trimmed(text: Option<String>) -> String {
    text.unwrap_or_default().trim().to_owned()
}

fn required(value: &Option<String>, (): &()) -> garde::Result {
    value
        .as_ref()
        .map(drop)
        .ok_or_else(|| garde::Error::new("is missing"))
}

fn not_blank(value: &Option<String>, (): &()) -> garde::Result {
    match value {
        Some(text) if text.trim().is_empty() => Err(garde::Error::new("must not be empty")),
        _ => Ok(()),
    }
}

/// A value that may be left out, but not be `null`.
fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `Some` for whatever is given, also for `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
