use tokio::time::{Instant, timeout};

use super::*;

const HEAD: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn the_timeout_of_the_first_head_starts_at_the_connect() {
    let timer = timer();
    let start = Instant::now();
    let trickle = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            timer.note();
        }
    };
    tokio::select! {
        overdue = timer.expired() => assert_eq!(overdue, Expired::Head),
        () = trickle => {}
    }
    assert_eq!(rounded(start), HEAD);
}

#[tokio::test(start_paused = true)]
async fn a_request_in_progress_does_not_expire() {
    let timer = timer();
    let one = timer.begin(Version::HTTP_2);
    let other = timer.begin(Version::HTTP_2);
    assert!(timeout(LONG, timer.expired()).await.is_err());
    drop(one);
    assert!(timeout(LONG, timer.expired()).await.is_err());
    let start = Instant::now();
    drop(other);
    assert_eq!(timer.expired().await, Expired::Idle);
    assert_eq!(rounded(start), IDLE);
}

#[tokio::test(start_paused = true)]
async fn over_http_1_the_timeout_of_a_later_head_starts_at_its_first_byte() {
    let timer = timer();
    drop(timer.begin(Version::HTTP_11));
    let begins = async {
        sleep(Duration::from_secs(30)).await;
        timer.note();
        let start = Instant::now();
        sleep(Duration::from_secs(5)).await;
        timer.note();
        start
    };
    let (overdue, start) = tokio::join!(timer.expired(), begins);
    assert_eq!((overdue, rounded(start)), (Expired::Head, HEAD));
}

#[tokio::test(start_paused = true)]
async fn over_http_2_bytes_do_not_prolong_the_idle_time() {
    let timer = timer();
    drop(timer.begin(Version::HTTP_2));
    let start = Instant::now();
    let answers_pings = async {
        loop {
            sleep(Duration::from_secs(9)).await;
            timer.note();
        }
    };
    tokio::select! {
        overdue = timer.expired() => assert_eq!(overdue, Expired::Idle),
        () = answers_pings => {}
    }
    assert_eq!(rounded(start), IDLE);
}

#[tokio::test(start_paused = true)]
async fn a_closing_connection_has_time_to_send_its_last_frames() {
    let timer = timer();
    let request = timer.begin(Version::HTTP_2);
    drop(timer.begin(Version::HTTP_2));
    timer.end();
    assert!(timeout(LONG, timer.expired()).await.is_err());
    let start = Instant::now();
    drop(request);
    assert_eq!(timer.expired().await, Expired::End);
    assert_eq!(rounded(start), FAREWELL);
}

#[tokio::test(start_paused = true)]
async fn an_unread_response_expires_even_if_the_connection_is_active() {
    let timer = timer();
    let other = timer.begin(Version::HTTP_2);
    let start = Instant::now();
    let answer = timer.begin(Version::HTTP_2).answered();
    assert_eq!(timer.expired().await, Expired::Answer);
    assert_eq!(rounded(start), IDLE);
    // Once the response is read, the other timeouts apply.
    drop(answer);
    assert!(timeout(LONG, timer.expired()).await.is_err());
    drop(other);
    assert_eq!(timer.expired().await, Expired::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_response_counts_as_read_only_after_its_last_byte() {
    let timer = timer();
    let start = Instant::now();
    drop(timer.begin(Version::HTTP_11).answered());
    timer.note_blocked(true);
    assert!(!timer.is_idle());
    assert_eq!(timer.expired().await, Expired::Answer);
    assert_eq!(rounded(start), IDLE);
    timer.note_blocked(false);
    assert!(timer.is_idle());
    assert_eq!(timer.expired().await, Expired::Idle);
}

#[tokio::test(start_paused = true)]
async fn zero_and_maximum_timeouts_work() {
    let timer = Arc::new(ConnectionTimer::new(Duration::MAX, Duration::MAX));
    assert!(timeout(LONG, timer.expired()).await.is_err());
    let timer = Arc::new(ConnectionTimer::new(Duration::ZERO, Duration::ZERO));
    assert_eq!(timer.expired().await, Expired::Head);
    let active = timer.begin(Version::HTTP_11);
    assert!(timeout(HEAD, timer.expired()).await.is_err());
    drop(active);
    assert_eq!(timer.expired().await, Expired::Idle);
}

fn timer() -> Arc<ConnectionTimer> {
    Arc::new(ConnectionTimer::new(HEAD, IDLE))
}

/// A timer is up to one millisecond late.
fn rounded(start: Instant) -> Duration {
    Duration::from_secs(start.elapsed().as_secs())
}
