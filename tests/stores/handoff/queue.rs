//! The queues of the scenarios that all of them have in common.

use countersign::queue::{Handoff, Message};

/// A queue on a real server or file, and its contents.
pub(super) trait Queue: Sized + Send + Sync + 'static {
    type Handoff: Handoff + Clone;

    async fn new() -> Self;

    /// The queue, as another process opens it.
    fn open(&self) -> impl Future<Output = Self::Handoff> + Send;

    /// The messages, in the order in which a worker gets them.
    fn messages(&self) -> impl Future<Output = Vec<Message>> + Send;
}

/// A test of each of these scenarios, on each queue.
macro_rules! on_each_queue {
    ($($scenario:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::handoff::sqlite::Sqlite>().await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::handoff::postgres::Postgres>().await;
                }
            )+
        }

        mod on_redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::handoff::redis::Redis>().await;
                }
            )+
        }

        mod on_nats {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::handoff::nats::Nats>().await;
                }
            )+
        }
    };
}
