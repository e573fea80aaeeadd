//! A sleep that does not count the time in which the process was stopped.

use std::time::Duration;

use tokio::time::sleep;

/// Sleeps for `duration`, without the time in which the process was stopped. Input that arrived
/// during the stop is processed before this ends. With a deadline by the clock, a request would
/// time out even though its response has already arrived.
pub(super) async fn sleep_awake(duration: Duration) {
    let step = MAX_STEP.min(duration / STEPS);
    for _ in 0..STEPS {
        sleep(step).await;
    }
    let mut left = duration.saturating_sub(step * STEPS);
    while !left.is_zero() {
        let step = MAX_STEP.min(left);
        sleep(step).await;
        left -= step;
    }
}

const STEPS: u32 = 8;
const MAX_STEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance, pause};

    use super::*;

    #[tokio::test]
    async fn it_sleeps_for_the_given_duration() {
        pause();
        for duration in [0, 1, 7, 1_000, 8_000, 25_500].map(Duration::from_millis) {
            let since = Instant::now();
            sleep_awake(duration).await;
            let slept = since.elapsed();
            // Each step ends with a millisecond of the runtime's clock.
            assert!(
                slept >= duration && slept <= duration + Duration::from_millis(40),
                "{slept:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_suspended_process_skips_at_most_one_step_of_the_sleep() {
        pause();
        let mut sleeping = Box::pin(sleep_awake(Duration::from_secs(25)));
        assert!(futures_poll(&mut sleeping).await);
        advance(Duration::from_secs(1000)).await;
        assert!(futures_poll(&mut sleeping).await);
        let since = Instant::now();
        sleeping.await;
        assert!(since.elapsed() > Duration::from_secs(20));
    }

    /// Whether it is still sleeping.
    async fn futures_poll(sleeping: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *sleeping).poll(cx).is_pending())
        })
        .await
    }
}
