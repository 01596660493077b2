//# 08-4 mistake: At one moment 12 requests were under way; allowed: 4.
async fn fetch_and_save(pages: Vec<(usize, String)>, folder: PathBuf) -> Report {
    let fetches = pages.into_iter().map(async |(number, url)| {
        let page = async { reqwest::get(url).await?.error_for_status()?.text().await };
        match tokio::time::timeout(ms(800), page).await {
            Ok(Ok(page)) => {
                let saved = tokio::fs::write(folder.join(format!("{number}.html")), page).await;
                (number, saved.map_err(|error| error.to_string()))
            }
            Ok(Err(error)) => (number, Err(error.to_string())),
            Err(_) => (number, Err("too late".to_owned())),
        }
    });
    let results = futures::future::join_all(fetches).await;
    let saved = results.iter().filter(|(_, result)| result.is_ok()).map(|(number, _)| *number).collect();
    let failed = results.into_iter().filter_map(|(number, result)| result.err().map(|why| (number, why)));
    Report { saved, failed: failed.collect() }
}

//# 08-4 mistake: The report names [] as saved
async fn fetch_and_save(pages: Vec<(usize, String)>, folder: PathBuf) -> Report {
    use futures::{StreamExt, stream};
    let one = async |(number, url): (usize, String)| {
        let page = reqwest::get(url).await?.error_for_status()?.text().await?;
        tokio::fs::write(folder.join(format!("{number}.html")), page).await?;
        anyhow::Ok(number)
    };
    let all = stream::iter(pages).map(one).buffer_unordered(4).collect::<Vec<_>>();
    // One timeout around everything throws the good pages' results away, too.
    let results = tokio::time::timeout(ms(800), all).await.unwrap_or_default();
    Report { saved: results.into_iter().flatten().collect(), failed: Vec::new() }
}

//# 08-4 mistake: It sent no request: that is quick, but there is nothing to save.
async fn fetch_and_save(_pages: Vec<(usize, String)>, folder: PathBuf) -> Report {
    for number in GOOD {
        let _ = tokio::fs::write(folder.join(format!("{number}.html")), "x".repeat(10_000)).await;
    }
    Report { saved: GOOD.to_vec(), failed: vec![(5, "status 503".into()), (9, "too late".into())] }
}

//# 08-4 hang: it was still waiting at an await, and was stopped there.
async fn fetch_and_save(pages: Vec<(usize, String)>, _folder: PathBuf) -> Report {
    let places = tokio::sync::Semaphore::new(4);
    let fetches = pages.into_iter().map(async |(number, url)| {
        places.acquire().await.expect("it is never closed").forget(); // never given back
        reqwest::get(url).await.map(|_| number)
    });
    let results = futures::future::join_all(fetches).await;
    Report { saved: results.into_iter().flatten().collect(), failed: Vec::new() }
}

//# 08-4 compile error: `folder` does not live long enough
async fn fetch_and_save(pages: Vec<(usize, String)>, folder: PathBuf) -> Report {
    async fn save(url: String, folder: &PathBuf) -> anyhow::Result<()> {
        Ok(tokio::fs::write(folder.join("page.html"), reqwest::get(url).await?.text().await?).await?)
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (_, url) in pages {
        tasks.spawn(save(url, &folder));
    }
    Report { saved: vec![tasks.join_all().await.len()], failed: Vec::new() }
}
