use tokio::time::{Instant, timeout};

use super::*;

const HEAD: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn the_first_head_is_counted_from_the_connect_on_whatever_comes_meanwhile() {
    let patience = patience();
    let start = Instant::now();
    let trickle = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            patience.note();
        }
    };
    tokio::select! {
        overdue = patience.expired() => assert_eq!(overdue, Expired::Head),
        () = trickle => {}
    }
    assert_eq!(rounded(start), HEAD);
}

#[tokio::test(start_paused = true)]
async fn a_request_in_hand_has_the_time_that_its_service_takes() {
    let patience = patience();
    let one = patience.begin(Version::HTTP_2);
    let other = patience.begin(Version::HTTP_2);
    assert!(timeout(LONG, patience.expired()).await.is_err());
    drop(one);
    assert!(timeout(LONG, patience.expired()).await.is_err());
    let start = Instant::now();
    drop(other);
    assert_eq!(patience.expired().await, Expired::Idle);
    assert_eq!(rounded(start), IDLE);
}

#[tokio::test(start_paused = true)]
async fn by_http_1_a_later_head_is_counted_from_its_first_byte_on() {
    let patience = patience();
    drop(patience.begin(Version::HTTP_11));
    let begins = async {
        sleep(Duration::from_secs(30)).await;
        patience.note();
        let start = Instant::now();
        sleep(Duration::from_secs(5)).await;
        patience.note();
        start
    };
    let (overdue, start) = tokio::join!(patience.expired(), begins);
    assert_eq!((overdue, rounded(start)), (Expired::Head, HEAD));
}

#[tokio::test(start_paused = true)]
async fn by_http_2_bytes_do_not_prolong_the_idle_time() {
    let patience = patience();
    drop(patience.begin(Version::HTTP_2));
    let start = Instant::now();
    let answers_pings = async {
        loop {
            sleep(Duration::from_secs(9)).await;
            patience.note();
        }
    };
    tokio::select! {
        overdue = patience.expired() => assert_eq!(overdue, Expired::Idle),
        () = answers_pings => {}
    }
    assert_eq!(rounded(start), IDLE);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_to_end_has_a_moment_for_its_farewell() {
    let patience = patience();
    let request = patience.begin(Version::HTTP_2);
    drop(patience.begin(Version::HTTP_2));
    patience.end();
    assert!(timeout(LONG, patience.expired()).await.is_err());
    let start = Instant::now();
    drop(request);
    assert_eq!(patience.expired().await, Expired::End);
    assert_eq!(rounded(start), FAREWELL);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_overdue_whatever_else_the_connection_does() {
    let patience = patience();
    let other = patience.begin(Version::HTTP_2);
    let start = Instant::now();
    let answer = patience.begin(Version::HTTP_2).answered();
    assert_eq!(patience.expired().await, Expired::Answer);
    assert_eq!(rounded(start), IDLE);
    // Once the response is read, the other timeouts apply.
    drop(answer);
    assert!(timeout(LONG, patience.expired()).await.is_err());
    drop(other);
    assert_eq!(patience.expired().await, Expired::Idle);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_taken_before_its_last_byte_is_written() {
    let patience = patience();
    let start = Instant::now();
    drop(patience.begin(Version::HTTP_11).answered());
    patience.note_blocked(true);
    assert!(!patience.is_idle());
    assert_eq!(patience.expired().await, Expired::Answer);
    assert_eq!(rounded(start), IDLE);
    patience.note_blocked(false);
    assert!(patience.is_idle());
    assert_eq!(patience.expired().await, Expired::Idle);
}

#[tokio::test(start_paused = true)]
async fn the_longest_times_and_the_shortest_are_taken() {
    let patience = Arc::new(ConnectionTimer::new(Duration::MAX, Duration::MAX));
    assert!(timeout(LONG, patience.expired()).await.is_err());
    let patience = Arc::new(ConnectionTimer::new(Duration::ZERO, Duration::ZERO));
    assert_eq!(patience.expired().await, Expired::Head);
    let in_hand = patience.begin(Version::HTTP_11);
    assert!(timeout(HEAD, patience.expired()).await.is_err());
    drop(in_hand);
    assert_eq!(patience.expired().await, Expired::Idle);
}

fn patience() -> Arc<ConnectionTimer> {
    Arc::new(ConnectionTimer::new(HEAD, IDLE))
}

/// A timer is up to one millisecond late.
fn rounded(start: Instant) -> Duration {
    Duration::from_secs(start.elapsed().as_secs())
}
