//! The tasks API: what it does, and each error by itself.

use reqwest::Method;
use serde_json::{Value, json};
use services::WebService;

use super::{client, get, limited, problem};

struct Api(WebService);

impl Api {
    async fn start() -> Api {
        Api(WebService::start().await.unwrap())
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> reqwest::Response {
        let request = client().request(method, self.0.url(path)).json(body);
        request.send().await.expect("an answer")
    }

    async fn add(&self, body: Value) -> Value {
        let answer = self.send(Method::POST, "/tasks", &body).await;
        assert_eq!(answer.status(), 201);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let task = super::json(answer).await;
        assert_eq!(location, format!("/tasks/{}", task["id"]));
        task
    }

    async fn list(&self, query: &str) -> Vec<String> {
        let page = super::json(get(self.0.url(&format!("/tasks?{query}"))).await).await;
        let items = page["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {page}"));
        items
            .iter()
            .map(|task| task["title"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn a_task_from_its_making_to_its_end() {
    limited(async {
        let api = Api::start().await;
        let task = api
            .add(json!({ "title": "  Tea ", "description": "Green" }))
            .await;
        assert_eq!(task["title"], "Tea");
        assert_eq!(
            (&task["status"], &task["priority"], &task["due"]),
            (&json!("todo"), &json!("medium"), &Value::Null)
        );
        let path = format!("/tasks/{}", task["id"]);
        assert_eq!(super::json(get(api.0.url(&path)).await).await, task);

        let change = json!({ "status": "done", "due": "2026-12-24" });
        let changed = super::json(api.send(Method::PATCH, &path, &change).await).await;
        assert_eq!(
            (&changed["title"], &changed["status"], &changed["due"]),
            (&json!("Tea"), &json!("done"), &json!("2026-12-24"))
        );
        let cleared = super::json(
            api.send(Method::PATCH, &path, &json!({ "due": null }))
                .await,
        )
        .await;
        assert_eq!(
            (&cleared["status"], &cleared["due"]),
            (&json!("done"), &Value::Null)
        );

        let other = json!({ "title": "Coffee", "description": "Black", "priority": "high" });
        let replaced = super::json(api.send(Method::PUT, &path, &other).await).await;
        assert_eq!(
            (&replaced["title"], &replaced["status"]),
            (&json!("Coffee"), &json!("todo"))
        );
        assert_eq!(
            (&replaced["id"], &replaced["created_at"]),
            (&task["id"], &task["created_at"])
        );

        let gone = client().delete(api.0.url(&path)).send().await.unwrap();
        assert_eq!(gone.status(), 204);
        for method in [Method::GET, Method::DELETE, Method::PUT, Method::PATCH] {
            let answer = api.send(method, &path, &other).await;
            assert_eq!(problem(answer).await["status"], 404);
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_can_be_chosen_unless_it_is_taken() {
    limited(async {
        let api = Api::start().await;
        let body = json!({ "title": "Tea", "description": "Green" });
        assert_eq!(
            api.send(Method::POST, "/tasks/7", &body).await.status(),
            201
        );
        let again = problem(api.send(Method::POST, "/tasks/7", &body).await).await;
        assert_eq!(again["status"], 409);
        assert_eq!(api.add(body.clone()).await["id"], 8);
        // The highest number of all leaves the lowest that is free.
        assert_eq!(
            api.send(Method::POST, "/tasks/4294967295", &body)
                .await
                .status(),
            201
        );
        assert_eq!(api.add(body).await["id"], 1);
    })
    .await;
}

#[tokio::test]
async fn filters_in_any_combination_sorted_and_paged() {
    limited(async {
        let api = Api::start().await;
        for (title, status, priority, due) in [
            ("a", "todo", "low", Some("2026-12-01")),
            ("b", "doing", "high", Some("2026-12-05")),
            ("c", "todo", "high", None),
            ("d", "done", "medium", Some("2026-12-05")),
            ("e", "todo", "high", Some("2026-12-10")),
        ] {
            let mut task = json!({ "title": title, "description": "x", "status": status, "priority": priority });
            if let Some(due) = due {
                task["due"] = json!(due);
            }
            api.add(task).await;
        }
        for (query, expected) in [
            ("", "abcde"),
            ("status=todo", "ace"),
            ("priority=high", "bce"),
            ("status=todo&priority=high", "ce"),
            ("due=2026-12-05", "bd"),
            ("due_from=2026-12-05", "bde"),
            ("due_until=2026-12-05", "abd"),
            ("due_from=2026-12-02&due_until=2026-12-09&status=doing", "b"),
            ("status=done&priority=low", ""),
            ("sort=due", "abdec"),
            ("sort=due&order=desc", "edbac"),
            ("sort=priority", "adbce"),
            ("sort=priority&order=desc&per_page=2", "ec"),
            ("sort=title&order=desc", "edcba"),
            ("sort=status", "acebd"),
            ("per_page=2&page=2", "cd"),
            ("per_page=2&page=9", ""),
        ] {
            assert_eq!(api.list(query).await.concat(), expected, "{query}");
        }
        let page = super::json(get(api.0.url("/tasks?status=todo&per_page=2")).await).await;
        assert_eq!((&page["total"], &page["page"], &page["per_page"]), (&json!(3), &json!(1), &json!(2)));
    })
    .await;
}

/// The fields that an answer names, with what is wrong with them.
async fn errors(answer: reqwest::Response) -> Vec<(String, String)> {
    let problem = problem(answer).await;
    assert_eq!(problem["status"], 422, "{problem}");
    let errors = problem["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("no errors: {problem}"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    errors
        .iter()
        .map(|error| (text(&error["field"]), text(&error["detail"])))
        .collect()
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    limited(async {
        let api = Api::start().await;
        let wrong = async |body: Value| errors(api.send(Method::POST, "/tasks", &body).await).await;
        let named = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
            fields
                .iter()
                .map(|(field, detail)| ((*field).into(), (*detail).into()))
                .collect()
        };
        assert_eq!(
            wrong(json!({})).await,
            named(&[("description", "is missing"), ("title", "is missing")])
        );
        assert_eq!(
            wrong(json!({ "title": " \t\n", "description": "" })).await,
            named(&[
                ("description", "must not be empty"),
                ("title", "must not be empty")
            ])
        );
        let long = wrong(json!({ "title": "x".repeat(201), "description": "x" })).await;
        assert_eq!((long.len(), long[0].0.as_str()), (1, "title"));
        for (body, field) in [
            (json!({ "title": 5, "description": "x" }), "title"),
            (json!({ "title": null, "description": "x" }), "title"),
            (json!({ "title": "x", "description": ["x"] }), "description"),
            (
                json!({ "title": "x", "description": "x", "status": "finished" }),
                "status",
            ),
            (
                json!({ "title": "x", "description": "x", "priority": 1 }),
                "priority",
            ),
            (
                json!({ "title": "x", "description": "x", "due": "tomorrow" }),
                "due",
            ),
            (
                json!({ "title": "x", "description": "x", "due": "2026-02-30" }),
                "due",
            ),
            (
                json!({ "title": "x", "description": "x", "titel": "x" }),
                "titel",
            ),
        ] {
            let errors = wrong(body.clone()).await;
            assert_eq!(
                (errors.len(), errors[0].0.as_str()),
                (1, field),
                "{body}: {errors:?}"
            );
        }
        // A body that is no object has no field to name.
        assert_eq!(wrong(json!(["x"])).await.len(), 1);
        // PATCH keeps the same rules for what it is given.
        let task = api.add(json!({ "title": "x", "description": "x" })).await;
        let path = format!("/tasks/{}", task["id"]);
        let answer = api
            .send(Method::PATCH, &path, &json!({ "title": " " }))
            .await;
        assert_eq!(
            errors(answer).await,
            named(&[("title", "must not be empty")])
        );
        let answer = api
            .send(Method::PATCH, &path, &json!({ "status": null }))
            .await;
        assert_eq!(errors(answer).await[0].0, "status");
    })
    .await;
}

#[tokio::test]
async fn each_wrong_query_and_path_is_named() {
    limited(async {
        let api = Api::start().await;
        for (path, field) in [
            ("/tasks?status=open", "status"),
            ("/tasks?priority=urgent", "priority"),
            ("/tasks?due=soon", "due"),
            ("/tasks?page=0", "page"),
            ("/tasks?page=-1", "page"),
            ("/tasks?per_page=101", "per_page"),
            ("/tasks?sort=color", "sort"),
            ("/tasks?colour=red", "colour"),
            ("/tasks/one", "id"),
            ("/tasks/-1", "id"),
            ("/tasks/4294967296", "id"),
        ] {
            let errors = errors(get(api.0.url(path)).await).await;
            assert_eq!(errors[0].0, field, "{path}: {errors:?}");
        }
        let both = errors(get(api.0.url("/tasks?page=0&per_page=0")).await).await;
        assert_eq!(both.len(), 2, "{both:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_body_as_a_whole() {
    limited(async {
        let api = Api::start().await;
        let post = |kind: &'static str, body: String| {
            let request = client()
                .post(api.0.url("/tasks"))
                .header("content-type", kind);
            request.body(body).send()
        };
        let malformed = problem(
            post("application/json", "{\"title\": ".into())
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(malformed["status"], 400);
        assert!(
            malformed["detail"].as_str().unwrap().contains("line 1"),
            "{malformed}"
        );
        let other_type = problem(post("text/plain", "{}".into()).await.unwrap()).await;
        assert_eq!(other_type["status"], 415);
        let large = format!("{{\"title\": \"{}\"}}", "x".repeat(70_000));
        assert_eq!(
            problem(post("application/json", large).await.unwrap()).await["status"],
            413
        );
        let wrong_method = client().put(api.0.url("/tasks")).send().await.unwrap();
        let allowed = wrong_method.headers()["allow"].to_str().unwrap().to_owned();
        assert!(
            allowed.contains("GET") && allowed.contains("POST"),
            "{allowed}"
        );
        assert_eq!(problem(wrong_method).await["status"], 405);
    })
    .await;
}
