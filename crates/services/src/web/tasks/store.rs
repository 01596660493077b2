//! Where tasks are kept, and how they are found again.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{NewTask, Priority, Status, Task};
use crate::problem::{FieldError, Location, Problem};

/// How many tasks are kept: so that a client cannot use up the memory.
const MOST_TASKS: usize = 10_000;
const MOST_PER_PAGE: u32 = 100;

/// Why a task could not be read or changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("There is no task {0}.")]
    NoSuchTask(u32),
    #[error("There is a task {0} already: change it by PUT or PATCH, or leave the number out.")]
    Taken(u32),
    #[error("There are {MOST_TASKS} tasks, which is the most that are kept: delete some.")]
    Full,
}

/// The tasks of one server, in memory, by number.
///
/// A plain lock does: it is held for microseconds and never across an await.
#[derive(Debug, Default)]
pub(crate) struct Tasks(RwLock<BTreeMap<u32, Task>>);

impl Tasks {
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u32, Task>> {
        // Nothing below leaves the map in a state that a panic could spoil.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<u32, Task>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task, with the number `id` or the next free one.
    pub(super) fn add(&self, id: Option<u32>, new: NewTask) -> Result<Task, Refusal> {
        let mut tasks = self.write();
        if tasks.len() >= MOST_TASKS {
            return Err(Refusal::Full);
        }
        let id = id.unwrap_or_else(|| next_id(&tasks));
        if tasks.contains_key(&id) {
            return Err(Refusal::Taken(id));
        }
        let task = new.into_task(id);
        tasks.insert(id, task.clone());
        Ok(task)
    }

    pub(super) fn get(&self, id: u32) -> Result<Task, Refusal> {
        self.read().get(&id).cloned().ok_or(Refusal::NoSuchTask(id))
    }

    pub(super) fn update(&self, id: u32, change: impl FnOnce(&mut Task)) -> Result<Task, Refusal> {
        let mut tasks = self.write();
        let task = tasks.get_mut(&id).ok_or(Refusal::NoSuchTask(id))?;
        change(task);
        Ok(task.clone())
    }

    pub(super) fn remove(&self, id: u32) -> Result<(), Refusal> {
        self.write()
            .remove(&id)
            .map(drop)
            .ok_or(Refusal::NoSuchTask(id))
    }

    pub(super) fn list(&self, query: &TaskQuery) -> TaskPage {
        let tasks = self.read();
        let mut found: Vec<&Task> = tasks.values().filter(|task| query.admits(task)).collect();
        found.sort_by(|a, b| query.compare(a, b));
        let per_page = query.per_page.unwrap_or(20);
        let page = query.page.unwrap_or(1);
        let before = u64::from(page - 1) * u64::from(per_page);
        TaskPage {
            total: found.len(),
            page,
            per_page,
            items: found
                .into_iter()
                .skip(usize::try_from(before).unwrap_or(usize::MAX))
                .take(per_page as usize)
                .cloned()
                .collect(),
        }
    }
}

/// The number after the highest, or the lowest that is free when somebody has taken the highest of all.
fn next_id(tasks: &BTreeMap<u32, Task>) -> u32 {
    let highest = tasks.keys().next_back().copied().unwrap_or(0);
    let lowest_free = || {
        (1..=u32::MAX)
            .find(|id| !tasks.contains_key(id))
            .unwrap_or(0)
    };
    highest.checked_add(1).unwrap_or_else(lowest_free)
}

/// By what tasks are sorted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SortBy {
    #[default]
    Id,
    Title,
    Status,
    Priority,
    /// Those without a day come last.
    Due,
}

/// Which way they are sorted.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SortOrder {
    /// The least first.
    #[default]
    Asc,
    /// The greatest first.
    Desc,
}

/// Which tasks, in which order. Of several conditions, a task has to meet all.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskQuery {
    #[param(inline)]
    status: Option<Status>,
    #[param(inline)]
    priority: Option<Priority>,
    /// Due on this day.
    #[param(example = "2026-12-24")]
    due: Option<NaiveDate>,
    /// Due on this day or later.
    due_from: Option<NaiveDate>,
    /// Due on this day or earlier.
    due_until: Option<NaiveDate>,
    /// By what they are sorted; what is equal in that goes by the number. `id` unless given.
    #[param(inline)]
    sort: Option<SortBy>,
    #[param(inline)]
    order: Option<SortOrder>,
    /// Which page, from 1.
    #[param(minimum = 1, maximum = 4294967295_u64)]
    page: Option<u32>,
    /// How many tasks make a page; 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    per_page: Option<u32>,
}

impl TaskQuery {
    /// Checks what a type cannot say.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        if self.page == Some(0) {
            errors.push(FieldError::new(
                Location::Query,
                "page",
                "must be at least 1",
            ));
        }
        if self
            .per_page
            .is_some_and(|count| !(1..=MOST_PER_PAGE).contains(&count))
        {
            let allowed = format!("must be from 1 to {MOST_PER_PAGE}");
            errors.push(FieldError::new(Location::Query, "per_page", allowed));
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Problem::of_fields(StatusCode::UNPROCESSABLE_ENTITY, errors))
    }

    fn admits(&self, task: &Task) -> bool {
        let due = |condition: &dyn Fn(NaiveDate) -> bool| task.due.is_some_and(condition);
        self.status.is_none_or(|status| task.status == status)
            && self
                .priority
                .is_none_or(|priority| task.priority == priority)
            && self.due.is_none_or(|day| due(&|given| given == day))
            && self.due_from.is_none_or(|day| due(&|given| given >= day))
            && self.due_until.is_none_or(|day| due(&|given| given <= day))
    }

    fn compare(&self, a: &Task, b: &Task) -> Ordering {
        let by_field = match self.sort.unwrap_or_default() {
            SortBy::Id => Ordering::Equal,
            SortBy::Title => a.title.cmp(&b.title),
            SortBy::Status => a.status.cmp(&b.status),
            SortBy::Priority => a.priority.cmp(&b.priority),
            SortBy::Due => match (a.due, b.due) {
                // Last whichever way the others are sorted.
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (a, b) => a.cmp(&b),
            },
        };
        let ascending = by_field.then(a.id.cmp(&b.id));
        match self.order.unwrap_or_default() {
            SortOrder::Asc => ascending,
            SortOrder::Desc => ascending.reverse(),
        }
    }
}

/// One page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskPage {
    items: Vec<Task>,
    /// How many there are on all pages.
    #[schema(example = 1)]
    total: usize,
    /// Which page this is, from 1.
    #[schema(example = 1)]
    page: u32,
    /// How many tasks make a page.
    #[schema(example = 20)]
    per_page: u32,
}
