//# 17-1 mistake: Never were two calls under way at once: each waited for the one before.
async fn totals(api: String) -> anyhow::Result<Totals> {
    let client = Client::new();
    let users = get::<User>(&client, format!("{api}/users")); // made first, awaited one by one
    let posts = get::<Post>(&client, format!("{api}/posts"));
    let todos = get::<Todo>(&client, format!("{api}/todos"));
    let (users, posts, todos) = (users.await?, posts.await?, todos.await?);
    let done = todos.iter().filter(|todo| todo.completed).count();
    Ok(Totals { users: users.len(), posts: posts.len(), todos: todos.len(), done })
}

//# 17-1 mistake: The totals (users, posts, todos, done): (10, 75,
async fn totals(api: String) -> anyhow::Result<Totals> {
    let client = Client::new();
    let (users, posts, todos) = tokio::try_join!(
        get::<User>(&client, format!("{api}/users")),
        get::<Post>(&client, format!("{api}/posts")),
        get::<Todo>(&client, format!("{api}/todos")),
    )?;
    Ok(Totals { users: users.len(), posts: posts.len(), todos: todos.len(), done: todos.len() })
}

//# 17-1 mistake: It sent no request: that is quick, but its numbers can't come from the API
async fn totals(_api: String) -> anyhow::Result<Totals> {
    Ok(Totals { users: 10, posts: 75, todos: 207, done: 92 })
}

//# 17-1 hang: it was still waiting at an await, and was stopped there.
async fn totals(api: String) -> anyhow::Result<Totals> {
    let client = Client::new();
    let places = tokio::sync::Semaphore::new(2);
    let (_one, _two) = (places.acquire().await?, places.acquire().await?);
    let _three = places.acquire().await?;
    let users = get::<User>(&client, format!("{api}/users")).await?;
    Ok(Totals { users: users.len(), posts: 0, todos: 0, done: 0 })
}

//# 17-1 compile error: mismatched types
async fn totals(api: String) -> anyhow::Result<Totals> {
    let client = Client::new();
    let lists = futures::future::try_join_all([
        get::<User>(&client, format!("{api}/users")),
        get::<Post>(&client, format!("{api}/posts")),
    ]).await?;
    Ok(Totals { users: lists[0].len(), posts: lists[1].len(), todos: 0, done: 0 })
}

// The homework's checker, against wrong submissions. What they share: a summary of the answers.
//# 17-2 mistake: Never were two calls under way at once: each waited for the one before.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let (mut counts, mut missing, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for user in &users {
        let posts: Vec<Post> = get(&client, format!("{api}/posts?userId={}", user.id)).await?;
        counts.push((user.name.clone(), posts.len()));
        match get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)).await {
            Ok(todos) => done.extend(todos.iter().map(|todo| todo.completed)),
            Err(_) => missing.push(user.name.clone()),
        }
    }
    let busiest = counts.iter().max_by_key(|(_, posts)| *posts).map(|(name, _)| name.clone());
    let mean = counts.iter().map(|(_, posts)| posts).sum::<usize>() as f64 / users.len() as f64;
    let completed = done.iter().filter(|done| **done).count() as f64 / done.len() as f64;
    Ok(Summary { posts: counts, mean, busiest: busiest.unwrap_or_default(), completed, missing })
}

//# 17-2 mistake: with status 429: more than 4 were under way at once.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let answers = futures::future::join_all(users.iter().map(async |user| tokio::join!(
        get::<Post>(&client, format!("{api}/posts?userId={}", user.id)),
        get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)),
    ))).await;
    let posts = users.iter().zip(&answers).map(|(user, (posts, _))| (user.name.clone(), posts.iter().flatten().count()));
    Ok(Summary { posts: posts.collect(), mean: 0.0, busiest: String::new(), completed: 0.0, missing: vec![] })
}

//# 17-2 mistake: It gave up: HTTP status server error (500
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    use futures::{StreamExt, TryStreamExt, stream};
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let of_user = async |user: &User| tokio::try_join!(
        get::<Post>(&client, format!("{api}/posts?userId={}", user.id)),
        get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)),
    );
    let answers: Vec<_> = stream::iter(&users).map(of_user).buffered(2).try_collect().await?;
    let posts = users.iter().zip(&answers).map(|(user, (posts, _))| (user.name.clone(), posts.len())).collect();
    Ok(Summary { posts, mean: 0.0, busiest: String::new(), completed: 0.0, missing: vec![] })
}

//# 17-2 mistake: What is missing: []; it should be
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    use futures::{StreamExt, stream};
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let of_user = async |user: &User| tokio::join!(
        get::<Post>(&client, format!("{api}/posts?userId={}", user.id)),
        get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)),
    );
    let answers: Vec<_> = stream::iter(&users).map(of_user).buffered(2).collect().await;
    let (mut counts, mut done) = (Vec::new(), Vec::new());
    for (user, (posts, todos)) in users.iter().zip(answers) {
        counts.push((user.name.clone(), posts?.len()));
        done.extend(todos.unwrap_or_default().iter().map(|todo| todo.completed)); // swallowed
    }
    let busiest = counts.iter().max_by_key(|(_, posts)| *posts).map(|(name, _)| name.clone());
    let mean = counts.iter().map(|(_, posts)| posts).sum::<usize>() as f64 / users.len() as f64;
    let completed = done.iter().filter(|done| **done).count() as f64 / done.len() as f64;
    Ok(Summary { posts: counts, mean, busiest: busiest.unwrap_or_default(), completed, missing: vec![] })
}

//# 17-2 mistake: The mean: "7.000"; it should be "7.500".
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    use futures::{StreamExt, stream};
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let of_user = async |user: &User| tokio::join!(
        get::<Post>(&client, format!("{api}/posts?userId={}", user.id)),
        get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)),
    );
    let answers: Vec<_> = stream::iter(&users).map(of_user).buffered(2).collect().await;
    let (mut counts, mut missing, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for (user, (posts, todos)) in users.iter().zip(answers) {
        counts.push((user.name.clone(), posts?.len()));
        match todos {
            Ok(todos) => done.extend(todos.iter().map(|todo| todo.completed)),
            Err(_) => missing.push(user.name.clone()),
        }
    }
    let busiest = counts.iter().max_by_key(|(_, posts)| *posts).map(|(name, _)| name.clone());
    let mean = (counts.iter().map(|(_, posts)| posts).sum::<usize>() / users.len()) as f64; // whole numbers
    let completed = done.iter().filter(|done| **done).count() as f64 / done.len() as f64;
    Ok(Summary { posts: counts, mean, busiest: busiest.unwrap_or_default(), completed, missing })
}

//# 17-2 mistake: It asked for `/users` 11 times.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    use futures::{StreamExt, stream};
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let of_user = async |index: usize| {
        let users: Vec<User> = get(&client, format!("{api}/users")).await.unwrap_or_default();
        tokio::join!(
            get::<Post>(&client, format!("{api}/posts?userId={}", users[index].id)),
            get::<Todo>(&client, format!("{api}/todos?userId={}", users[index].id)),
        )
    };
    let answers: Vec<_> = stream::iter(0..users.len()).map(of_user).buffered(2).collect().await;
    let posts = users.iter().zip(&answers).map(|(user, (posts, _))| (user.name.clone(), posts.iter().flatten().count()));
    Ok(Summary { posts: posts.collect(), mean: 7.5, busiest: String::new(), completed: 0.0, missing: vec![] })
}

//# 17-2 mistake: It sent no request: that is quick, but its numbers can't come from the API
async fn aggregate(_api: String) -> anyhow::Result<Summary> {
    let busiest = "Grace Tanaka".to_owned();
    Ok(Summary { posts: vec![(busiest.clone(), 12)], mean: 7.5, busiest, completed: 0.51, missing: vec![] })
}

//# 17-2 mistake: At most 2 calls were under way at once; 3 or more are possible.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let (mut counts, mut missing, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for user in &users {
        let (posts, todos) = tokio::join!(
            get::<Post>(&client, format!("{api}/posts?userId={}", user.id)),
            get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)),
        );
        counts.push((user.name.clone(), posts?.len()));
        match todos {
            Ok(todos) => done.extend(todos.iter().map(|todo| todo.completed)),
            Err(_) => missing.push(user.name.clone()),
        }
    }
    let busiest = counts.iter().max_by_key(|(_, posts)| *posts).map(|(name, _)| name.clone());
    let mean = counts.iter().map(|(_, posts)| posts).sum::<usize>() as f64 / users.len() as f64;
    let completed = done.iter().filter(|done| **done).count() as f64 / done.len() as f64;
    Ok(Summary { posts: counts, mean, busiest: busiest.unwrap_or_default(), completed, missing })
}

//# 17-2 mistake: It never asked for `/posts?userId=1`.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let (users, posts, todos) = tokio::try_join!(
        get::<User>(&client, format!("{api}/users")),
        get::<Post>(&client, format!("{api}/posts")),
        get::<Todo>(&client, format!("{api}/todos")),
    )?;
    let of = |id: u32| posts.iter().filter(|post| post.user_id == id).count();
    let counts: Vec<(String, usize)> = users.iter().map(|user| (user.name.clone(), of(user.id))).collect();
    let busiest = counts.iter().max_by_key(|(_, posts)| *posts).map(|(name, _)| name.clone());
    let completed = todos.iter().filter(|todo| todo.completed).count() as f64 / todos.len() as f64;
    Ok(Summary { posts: counts, mean: 7.5, busiest: busiest.unwrap_or_default(), completed, missing: vec![] })
}

//# 17-2 hang: it was still waiting at an await, and was stopped there.
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let users: Vec<User> = get(&client, format!("{api}/users")).await?;
    let mut done = Vec::new();
    for user in &users {
        // Until it works, which it never does for one of them.
        loop {
            match get::<Todo>(&client, format!("{api}/todos?userId={}", user.id)).await {
                Ok(todos) => { done.extend(todos); break }
                Err(_) => tokio::time::sleep(ms(500)).await,
            }
        }
    }
    Ok(Summary { posts: vec![], mean: 0.0, busiest: String::new(), completed: done.len() as f64, missing: vec![] })
}

//# 17-2 compile error: does not live long enough
async fn aggregate(api: String) -> anyhow::Result<Summary> {
    let client = Client::new();
    let mut tasks = tokio::task::JoinSet::new();
    for user in 1..=10 {
        tasks.spawn(get::<Post>(&client, format!("{api}/posts?userId={user}")));
    }
    let posts = tasks.join_all().await.len();
    Ok(Summary { posts: vec![(String::new(), posts)], mean: 0.0, busiest: String::new(), completed: 0.0, missing: vec![] })
}

//# 17-3 mistake: The bars aren't in order: the busiest belongs at the top.
async fn picture(mut summary: Summary) -> Bars {
    summary.posts.sort_by_key(|(_, posts)| *posts);
    let mut bars = Bars::new("Posts of each user").x_unit("posts");
    for (name, posts) in &summary.posts { bars.push(name, *posts); }
    bars
}

//# 17-3 mistake: There is no bar for Ada.
async fn picture(summary: Summary) -> Bars {
    Bars::new("Posts of each user").x_unit("posts").bar(summary.busiest, summary.mean)
}

//# 17-3 hang: it is still at an await, for something that does not happen.
async fn picture(summary: Summary) -> Bars {
    let (tell, told) = tokio::sync::oneshot::channel::<Bars>();
    let bars = told.await.unwrap_or(Bars::new(summary.busiest));
    drop(tell);
    bars
}

//# 17-3 compile error: mismatched types
async fn picture(summary: Summary) -> Bars {
    Bars::new("Posts of each user").x_unit("posts").to_string()
}
