//! What each operation does, and what is kept.

use std::time::SystemTime;

use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn an_event_is_granted_once_and_then_done() {
    let store = Schema::new().store().await;
    let (key, holder, other) = (event("evt_1"), attempt(), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let outcome = store.claim(&key, &other).await.unwrap();
    let ClaimOutcome::InFlight { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(retry_after <= HOUR && retry_after > HOUR / 2, "{retry_after:?}");
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert_eq!(store.release(&key, &other).await.unwrap(), ReleaseOutcome::NotHeld);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    let outcome = store.claim(&key, &other).await.unwrap();
    let ClaimOutcome::Done { fingerprint_matches: true, at_unix_ms } = outcome else {
        panic!("{outcome:?}")
    };
    let now_ms = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(now_ms.abs_diff(at_unix_ms.unsigned_abs().into()) < 60_000, "{at_unix_ms}");
    assert!(store.forget(&key).await.unwrap());
    assert!(!store.forget(&key).await.unwrap());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    assert_eq!(store.probe().await.unwrap().warnings, []);
}

/// The claims meet rows that were written after their statements began.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_on_one_table_grant_each_event_once() {
    let schema = Schema::new();
    let stores = [schema.store().await, schema.store().await];
    assert_eq!(race(&stores, FIRST).await, 200);
    schema.advance(&client().await, HOUR).await;
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(race(&stores, reclaimed).await, 200);
}

/// 32 tasks claim 200 events. Returns the number of these outcomes; each other is in flight.
async fn race(stores: &[PostgresStore; 2], granted: ClaimOutcome) -> usize {
    let mut claims = JoinSet::new();
    for task in 0..32 {
        let store = stores[task % 2].clone();
        claims.spawn(async move {
            let mut grants = 0;
            for id in 0..200 {
                let outcome = store.claim(&event(&id.to_string()), &attempt()).await.unwrap();
                grants += usize::from(outcome == granted);
                assert!(outcome == granted || is_in_flight(&outcome), "{outcome:?}");
            }
            grants
        });
    }
    claims.join_all().await.into_iter().sum()
}

/// A statement that waits for an uncommitted row neither changes it nor sees it afterwards.
#[tokio::test]
async fn a_step_that_meets_a_newer_row_is_repeated() {
    let schema = Schema::new();
    let store = schema.store().await;
    let (held, done, twice) = (event("held"), event("done"), event("twice"));
    let late = attempt();

    let step = store.claim(&held, &late);
    let outcome = meets_newer_row(&schema, &held, IN_PROGRESS, step).await;
    assert!(is_in_flight(&outcome), "{outcome:?}");
    let step = store.claim(&done, &late);
    let outcome = meets_newer_row(&schema, &done, DONE, step).await;
    assert!(is_done(&outcome), "{outcome:?}");
    let step = store.complete(&twice, &late);
    let outcome = meets_newer_row(&schema, &twice, DONE, step).await;
    assert_eq!(outcome, CompleteOutcome::AlreadyDone);
}

const IN_PROGRESS: i16 = 1;
const DONE: i16 = 3;

/// Another transaction has inserted a row before the step begins, and commits while the step waits
/// for it.
async fn meets_newer_row<T>(
    schema: &Schema,
    key: &EventKey,
    state: i16,
    step: impl Future<Output = Result<T, StoreError>>,
) -> T {
    let other = client().await;
    other.batch_execute("BEGIN").await.unwrap();
    let insert = format!(
        "INSERT INTO {} VALUES (7, now(), now() + interval '1 h', now() + interval '1 d', 1, 0,
             $1, 0, $2, decode(repeat('01', 16), 'hex'))",
        schema.table()
    );
    other.execute(&insert, &[&state, &&key.digest()[..16]]).await.unwrap();
    let commit = async {
        waits_for_a_lock(schema).await;
        other.batch_execute("COMMIT").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(step, commit);
    outcome.unwrap()
}

#[tokio::test]
async fn a_claim_that_is_not_granted_writes_nothing() {
    let schema = Schema::new();
    let (store, client) = (schema.store().await, client().await);
    let (held, done, holder) = (event("held"), event("done"), attempt());
    store.claim(&held, &holder).await.unwrap();
    store.complete(&done, &holder).await.unwrap();
    // A row that a transaction locks or changes gets the number of the transaction.
    let rows = format!("SELECT string_agg(xmin || ' ' || xmax, ',') FROM {}", schema.table());
    let before: String = client.query_one(&rows, &[]).await.unwrap().get(0);
    assert!(is_in_flight(&store.claim(&held, &attempt()).await.unwrap()));
    assert!(is_done(&store.claim(&done, &attempt()).await.unwrap()));
    let after: String = client.query_one(&rows, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
}

#[tokio::test]
async fn expired_rows_are_deleted_while_the_store_is_idle() {
    let schema = Schema::new();
    let config = schema.config().with_purge_interval(Duration::from_millis(20));
    let store = PostgresStore::connect_with(config).await.unwrap();
    let client = client().await;
    let holder = attempt();
    for id in 0..20 {
        store.complete(&event(&id.to_string()), &holder).await.unwrap();
    }
    schema.advance(&client, DAY / 2).await;
    store.complete(&event("kept"), &holder).await.unwrap();
    schema.advance(&client, DAY / 2).await;
    let count = format!("SELECT count(*) FROM {}", schema.table());
    eventually(async || client.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) == 1).await;
    assert!(is_done(&store.claim(&event("kept"), &attempt()).await.unwrap()));
}

#[tokio::test]
async fn the_purge_does_not_wait_for_a_row_that_is_locked() {
    let schema = Schema::new();
    let config = schema.config().with_purge_interval(Duration::from_millis(20));
    let store = PostgresStore::connect_with(config).await.unwrap();
    let (client, other) = (client().await, client().await);
    for id in ["locked", "free"] {
        store.complete(&event(id), &attempt()).await.unwrap();
    }
    other.batch_execute("BEGIN").await.unwrap();
    let (table, key) = (schema.table(), event("locked").digest()[..16].to_vec());
    let lock = format!("SELECT FROM {table} WHERE key = $1 FOR UPDATE");
    other.execute(&lock, &[&key]).await.unwrap();
    let expire = format!("UPDATE {table} SET forget = now() WHERE key <> $1");
    client.execute(&expire, &[&key]).await.unwrap();
    let count = format!("SELECT count(*) FROM {table}");
    eventually(async || client.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) == 1).await;
}

#[tokio::test]
async fn a_full_table_rejects_new_events_and_forgets_none() {
    let schema = Schema::new();
    let interval = Duration::from_millis(20);
    let config = schema.config().with_max_events(5).with_purge_interval(interval);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let (client, holder) = (client().await, attempt());
    let mut held = Vec::new();
    for id in 0.. {
        let key = event(&id.to_string());
        match store.claim(&key, &holder).await.unwrap() {
            ClaimOutcome::AtCapacity => break,
            outcome => assert_eq!(outcome, FIRST),
        }
        held.push(key);
    }
    assert!(held.len() >= 5, "{}", held.len());
    assert_eq!(store.probe().await.unwrap().warnings, [StoreWarning::Full]);
    assert!(is_in_flight(&store.claim(&held[0], &attempt()).await.unwrap()));
    assert_eq!(store.renew(&held[0], &holder).await.unwrap(), RenewOutcome::Renewed);
    for key in &held {
        assert_eq!(store.complete(key, &holder).await.unwrap(), CompleteOutcome::Recorded);
        assert!(is_done(&store.claim(key, &attempt()).await.unwrap()));
    }
    let unheard_of = event("claimed while the store was unavailable");
    let outcome = store.complete(&unheard_of, &holder).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::RecordedUnclaimed);

    schema.advance(&client, DAY).await;
    let new = event("new");
    eventually(async || store.claim(&new, &holder).await.unwrap() == FIRST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_statements_are_atomic_at_a_stricter_isolation_level() {
    let schema = Schema::new();
    // The store's own setting comes first, and that of the URL wins.
    let url =
        format!("{}?options=-c%20default_transaction_isolation%3Dserializable", server().url());
    let config = PostgresConfig::new(&url).unwrap().with_schema(schema.0.clone());
    let store = PostgresStore::connect_with(config.with_deadline(PATIENT)).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut granted = 0;
            for id in 0..20 {
                let (key, holder) = (event(&id.to_string()), attempt());
                if store.claim(&key, &holder).await.unwrap() == FIRST {
                    granted += 1;
                    let outcome = store.complete(&key, &holder).await.unwrap();
                    assert_eq!(outcome, CompleteOutcome::Recorded);
                }
            }
            granted
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 20);
}

#[tokio::test]
async fn no_text_shows_the_password() {
    let schema = Schema::new();
    let url = server().url().replace("postgres@", "postgres:hunter2@");
    let config = PostgresConfig::new(&url).unwrap().with_schema(&schema.0);
    let shown = format!("{config:?}");
    let store = PostgresStore::connect_with(config.with_deadline(PATIENT)).await.unwrap();
    let shown = format!("{shown} {store:?}");
    assert!(shown.contains(&server().address()), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("SELECT"), "{shown}");
}
