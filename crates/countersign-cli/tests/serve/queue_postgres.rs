//! The queue in Postgres, which several servers share.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use countersign_test_servers::PostgresServer;
use http::Request;
use http_body_util::Full;
use rustix::process::Signal;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::{must_fix, rejected};
use crate::deliveries::{Delivery, jupiter, send};
use crate::jobs::{QUICK, accepted, attempt, config, line, listed, queue, queue_of, states, until};
use crate::processes::{Files, PATIENCE, SECRET, command, configured};
use crate::target::Target;

fn files(server: &PostgresServer, target: &Target, more: &str) -> Files {
    Files::new(&config(&format!("queue = '{}'", server.url()), &target.url(), more))
}

fn files_with_lease(server: &PostgresServer, target: &Target, more: &str) -> Files {
    let queue = format!("queue = {{ url = '{}', lease = '1s' }}", server.url());
    Files::new(&config(&queue, &target.url(), more))
}

/// A delivery whose account is the key of its order.
fn of_account(id: &str, account: &str) -> Delivery {
    let body = format!(r#"{{"event_id":"{id}","type":"t","account":"{account}"}}"#);
    Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body)
}

#[tokio::test]
async fn two_servers_share_a_database_and_deliver_each_event_once() {
    const EVENTS: usize = 30;
    let (server, target) = (PostgresServer::start(&[]), Target::start().await);
    let files = files(&server, &target, "");
    let servers = [configured(&files).await, configured(&files).await];
    let seen = target.answer_all();
    let mut sending = JoinSet::new();
    for event in 0..EVENTS {
        // Every event is sent to both, so one of them gets a duplicate.
        for server in &servers {
            let to = server.address();
            sending.spawn(async move { jupiter(&format!("evt_{event}")).send(to).await.status });
        }
    }
    let mut statuses = sending.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; EVENTS], [202; EVENTS]].concat());
    until(&files, |states| states.len() == EVENTS && states.values().all(|state| state == "done"))
        .await;
    let events: BTreeSet<String> = seen.borrow().iter().cloned().collect();
    assert_eq!((events.len(), seen.borrow().len()), (EVENTS, EVENTS));
}

#[tokio::test]
async fn events_of_a_key_are_forwarded_in_order_by_two_servers() {
    let (server, mut target) = (PostgresServer::start(&[]), Target::start().await);
    let more = format!("order_by = 'body:/account'\n{QUICK}");
    let files = files(&server, &target, &more);
    let servers = [configured(&files).await, configured(&files).await];
    let order = [("a1", "a", 0), ("a2", "a", 1), ("b1", "b", 1), ("a3", "a", 0), ("a4", "a", 1)];
    for (id, account, to) in order {
        let to = servers[to].address();
        assert_eq!(of_account(id, account).send(to).await.status, 202);
    }
    // All but the later ones of the first key, in any order.
    let mut first = BTreeMap::new();
    for _ in 0..2 {
        let call = target.call().await;
        first.insert(call.event_id(), call);
    }
    assert_eq!(first.keys().collect::<Vec<_>>(), ["a1", "b1"]);
    let mut first = first.into_values();
    // A failure does not let the next one pass.
    first.next().unwrap().answer(500);
    first.for_each(|call| call.answer(200));
    for (id, attempts) in [("a1", 2), ("a2", 1), ("a3", 1), ("a4", 1)] {
        let call = target.call().await;
        assert_eq!((call.event_id().as_str(), attempt(&call)), (id, attempts));
        assert!(!target.is_called());
        call.answer(200);
    }
    until(&files, |states| states.values().all(|state| state == "done")).await;

    // Many at once: each key is in the order in which its events were accepted.
    let seen = target.answer_all();
    let mut sending = JoinSet::new();
    for key in 0..4_usize {
        let addresses = [servers[0].address(), servers[1].address()];
        sending.spawn(async move {
            for event in 0..10_usize {
                let delivery = of_account(&format!("k{key}_{event}"), &format!("k{key}"));
                assert_eq!(delivery.send(addresses[event % 2]).await.status, 202);
            }
        });
    }
    sending.join_all().await;
    until(&files, |states| states.values().all(|state| state == "done")).await;
    for key in 0..4 {
        let prefix = format!("k{key}_");
        let seen = seen.borrow();
        let of_key: Vec<&String> = seen.iter().filter(|id| id.starts_with(&prefix)).collect();
        let expected: Vec<String> = (0..10).map(|event| format!("{prefix}{event}")).collect();
        assert_eq!(of_key, expected.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_job_of_a_server_that_was_killed_is_taken_by_another_after_its_lease() {
    let (server, mut target) = (PostgresServer::start(&[]), Target::start().await);
    let files = files_with_lease(&server, &target, "concurrency = 1");
    let mut killed = configured(&files).await;
    accepted(&mut killed, "evt_1").await;
    accepted(&mut killed, "evt_2").await;
    // The target has the first one, and its response is lost with the server.
    let call = target.call().await;
    assert_eq!(call.event_id(), "evt_1");
    let mut other = configured(&files).await;
    killed.signal(Signal::KILL);
    killed.ended().await;
    drop(call);
    let mut attempts = Vec::new();
    for _ in 0..2 {
        let call = target.call().await;
        attempts.push((call.event_id(), attempt(&call)));
        call.answer(200);
        line(&mut other, "delivered").await;
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [("evt_1", 2), ("evt_2", 1)].map(|(id, n)| (id.to_owned(), n)));
    assert_eq!(jupiter("evt_1").send(other.address()).await.status, 200);
    assert!(!target.is_called());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_the_answer_is_503_and_nothing_that_was_accepted_is_lost() {
    let mut server = PostgresServer::start(&["-c", "fsync=on"]);
    let mut target = Target::start().await;
    let files = files(&server, &target, QUICK);
    let mut serving = configured(&files).await;
    // One request is in progress while the database goes away.
    accepted(&mut serving, "during").await;
    let call = target.call().await;
    server.kill9();
    assert_eq!(jupiter("while_away").send(serving.address()).await.status, 503);
    let ready = async |address| {
        let request = Request::get(format!("http://{address}/readyz")).body(Full::default());
        send(request.unwrap()).await.status
    };
    let unready = async {
        while ready(serving.address()).await != 503 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, unready).await.unwrap();
    call.answer(200);
    while !serving.note().await.contains("is not settled yet") {}
    server.restart();
    // Its success is recorded then, and it is not forwarded again.
    let delivered = line(&mut serving, "delivered").await;
    assert_eq!((&delivered["event_id"], &delivered["attempt"]), (&"during".into(), &1.into()));
    assert!(!target.is_called());

    // Deliveries arrive all the time while it is killed and restarted.
    let address = serving.address();
    let seen = target.answer_all();
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let sending = tokio::spawn(async move {
        let (mut accepted, mut unavailable) = (Vec::new(), 0);
        for event in 0.. {
            if *stopped.borrow_and_update() {
                break;
            }
            let id = format!("evt_{event}");
            match jupiter(&id).send(address).await.status {
                202 => accepted.push(id),
                503 => unavailable += 1,
                status => panic!("{status}"),
            }
        }
        (accepted, unavailable)
    });
    for _ in 0..2 {
        sleep(Duration::from_millis(300)).await;
        server.kill9();
        sleep(Duration::from_millis(300)).await;
        server.restart();
    }
    let back = async {
        while jupiter("back").send(address).await.status != 202 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, back).await.unwrap();
    stop.send(true).unwrap();
    let (accepted, unavailable) = sending.await.unwrap();
    assert!(accepted.len() > 1 && unavailable > 0, "{} {unavailable}", accepted.len());
    until(&files, |states| states.values().all(|state| state == "done")).await;
    let delivered: BTreeSet<String> = seen.borrow().iter().cloned().collect();
    for id in accepted {
        assert!(delivered.contains(&id), "{id} was accepted and is lost");
    }
}

#[tokio::test]
async fn dead_letters_are_listed_shown_retried_and_discarded() {
    let (server, mut target) = (PostgresServer::start(&[]), Target::start().await);
    let files = files(&server, &target, "retry_schedule = []");
    let mut serving = configured(&files).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        accepted(&mut serving, id).await;
        target.call().await.answer(500);
        assert_eq!(line(&mut serving, "dead").await["event_id"], id);
    }
    let dead = listed(&files, "--state dead --event-id evt_2");
    assert_eq!((&dead["matching"], &dead["endpoints"][0]["dead"]), (&1.into(), &3.into()));
    let second = dead["jobs"][0]["job"].as_i64().unwrap();
    let first = listed(&files, "--event-id evt_1")["jobs"][0]["job"].as_i64().unwrap();
    // By its URL, too.
    let (status, said) = queue_of(&["--queue", &server.url()], "list --state dead");
    assert!(status == Some(0) && said.contains("evt_1") && said.contains("3 dead"), "{said}");

    let (status, said) = queue(&files, &format!("show {second}"));
    assert_eq!(status, Some(0));
    for part in ["evt_2", "swap.completed", "jupiter", "the target's status is 500"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The request is complete: it verifies.
    let (_, request) = queue(&files, &format!("show {second} --request"));
    std::fs::write(files.path("request.json"), request).unwrap();
    let verified = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["verify", "--scheme", "jupiter", "--secret-env", "SECRET", "--request"])
        .arg(files.path("request.json"))
        .env("SECRET", SECRET)
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");

    assert_eq!(queue(&files, "retry").0, Some(2));
    assert_eq!(queue(&files, "show 9999").0, Some(2));
    let (status, said) = queue(&files, "retry 9999");
    assert!(status == Some(1) && said.contains("there is no job 9999"), "{said}");
    let discarded = queue(&files, &format!("discard {first}"));
    assert_eq!(discarded, (Some(0), "1 job was discarded\n".to_owned()));
    let (status, said) = queue(&files, "discard --state running");
    assert!(status == Some(2) && said.contains("due, dead, waiting"), "{said}");
    assert_eq!(queue(&files, "retry --all"), (Some(0), "2 jobs were retried\n".to_owned()));
    let seen = target.answer_all();
    until(&files, |states| states.values().filter(|state| *state == "done").count() == 2).await;
    assert_eq!(states(&files)["evt_1"], "discarded");
    // A replay of what was delivered in the last hour.
    let replayed = queue(&files, "retry --state done --since 1h --json");
    assert_eq!(replayed, (Some(0), "{\"retried\":2}\n".to_owned()));
    until(&files, |_| seen.borrow().len() == 4).await;
}

#[tokio::test]
async fn a_paused_target_gets_nothing_from_any_server_until_it_is_resumed() {
    let (server, mut target) = (PostgresServer::start(&[]), Target::start().await);
    let files = files(&server, &target, "");
    let mut servers = [configured(&files).await, configured(&files).await];
    assert_eq!(queue(&files, "pause /hooks/jupiter").0, Some(2));
    accepted(&mut servers[0], "first").await;
    target.call().await.answer(200);
    until(&files, |states| states["first"] == "done").await;
    for name in ["/hooks/jupiter", "--all"] {
        assert_eq!(queue(&files, &format!("pause {name}")).0, Some(0));
        accepted(&mut servers[1], name).await;
        sleep(Duration::from_millis(700)).await;
        assert!(!target.is_called());
        assert_eq!(listed(&files, "")["endpoints"][0]["paused"], true);
        assert_eq!(queue(&files, &format!("resume {name}")).0, Some(0));
        assert_eq!(queue(&files, &format!("resume {name}")).0, Some(1));
        target.call().await.answer(200);
        until(&files, |states| states[name] == "done").await;
    }
}

#[tokio::test]
async fn the_metrics_count_the_jobs_of_all_servers() {
    let (server, mut target) = (PostgresServer::start(&[]), Target::start().await);
    let files = files(&server, &target, "retry_schedule = []");
    let mut accepts = configured(&files).await;
    accepted(&mut accepts, "evt_1").await;
    target.call().await.answer(500);
    line(&mut accepts, "dead").await;
    let counts = configured(&files).await;
    let expected = [
        "countersign_serve_queue_jobs{endpoint=\"/hooks/jupiter\",state=\"dead\"} 1",
        "countersign_serve_queue_jobs{endpoint=\"/hooks/jupiter\",state=\"pending\"} 0",
        "countersign_serve_queue_oldest_seconds{endpoint=\"/hooks/jupiter\"} 0",
        "countersign_serve_queue_paused{endpoint=\"/hooks/jupiter\"} 0",
    ];
    let counted = async {
        loop {
            let request = Request::get(format!("http://{}/metrics", counts.address()));
            let text = send(request.body(Full::default()).unwrap()).await.body;
            let text = String::from_utf8(text.to_vec()).unwrap();
            if expected.iter().all(|line| text.contains(line)) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, counted).await.unwrap();
}

#[tokio::test]
async fn a_check_connects_and_names_jobs_that_no_endpoint_has() {
    let (server, target) = (PostgresServer::start(&[]), Target::start().await);
    let before = files(&server, &target, "");
    // A person looks at a queue that no server has created.
    let (status, said) = queue(&before, "list");
    assert!(status == Some(2) && said.contains("`countersign serve` creates them"), "{said}");
    let check = |files: &Files| {
        let mut command = command("--check --config");
        let ended = command.arg(files.path("serve.toml")).output().unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.code(), String::from_utf8(said).unwrap())
    };
    let (status, said) = check(&before);
    assert!(status == Some(0) && said.contains("queued for"), "{said}");
    assert_eq!(queue(&before, "pause --all").0, Some(0));
    let mut serving = configured(&before).await;
    accepted(&mut serving, "evt_1").await;
    drop(serving);
    let text = std::fs::read_to_string(before.path("serve.toml")).unwrap();
    let renamed = Files::new(&text.replace("'/hooks/jupiter'", "'/hooks/another'"));
    let (status, said) = check(&renamed);
    assert_eq!(status, Some(0), "{said}");
    for part in ["jobs of `/hooks/jupiter`", "1 pending", "--config FILE"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let forward = target.url();
    let with_password = server.url_of("shop:hunter2");
    let names_server = format!("postgres://{}", server.address());
    let of = |url: &str| config(&format!("queue = '{url}'"), &forward, "");
    must_fix(&of(&with_password), &["the queue: ", &names_server, "rejects the user"]);
    let missing = format!("postgres://postgres:hunter2@{}/missing", server.address());
    must_fix(&of(&missing), &["the queue: ", "database does not exist", "create it"]);
    must_fix(&of("postgres://u:hunter2@/shop"), &["the queue: ", "the URL names no host"]);
    let limited = format!("queue = {{ url = '{}', max_bytes = 1000000 }}", server.url());
    let limited = config(&limited, &forward, "");
    must_fix(&limited, &["`queue`", "`max_bytes` is the maximum size of a file"]);
    // Every process on the machine can read the command line.
    let words = format!(
        "--listen 127.0.0.1:0 --endpoint /in=jupiter --secret-env SECRET --forward {forward} \
         --queue {with_password}"
    );
    rejected(command(&words), &["`--queue`", "has a password", "--config"]);
    let (status, said) = queue_of(&["--queue", &with_password], "list");
    assert!(status == Some(2) && said.contains("has a password"), "{said}");
}
