//! The worker: books the payment of each job. Several processes can run it.

use std::error::Error;
use std::time::Duration;

use countersign::postgres::deadpool_postgres::{Pool, Transaction};
use countersign::queue::Message;
use serde::Deserialize;
use tokio::time::sleep;

type Failure = Box<dyn Error + Send + Sync>;

/// Handles jobs until the future is dropped. Dropping it rolls the job in progress back.
pub async fn work(pool: &Pool) {
    loop {
        match work_once(pool).await {
            Ok(true) => {}
            Ok(false) => sleep(POLL).await,
            Err(error) => {
                eprintln!("worker: {error}");
                sleep(AFTER_ERROR).await;
            }
        }
    }
}

/// Handles the next job that is due. Returns whether there was one.
///
/// # Errors
///
/// An error of the database. The job is unchanged.
pub async fn work_once(pool: &Pool) -> Result<bool, Failure> {
    let mut client = pool.get().await?;
    let mut tx = client.transaction().await?;
    // Other workers skip the row while this transaction has it. If this process dies, the server
    // rolls back, and another worker gets it.
    let next = "SELECT id, attempts, message FROM jobs WHERE run_at <= now() \
                ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";
    let Some(job) = tx.query_opt(next, &[]).await? else { return Ok(false) };
    let (id, attempts): (i64, i32) = (job.get("id"), job.get("attempts"));
    let message = Message::parse(job.get::<_, Vec<u8>>("message"))?;

    let effect = tx.transaction().await?;
    match book(&effect, &message).await {
        Ok(()) => {
            effect.commit().await?;
            tx.execute("DELETE FROM jobs WHERE id = $1", &[&id]).await?;
        }
        Err(error) => {
            effect.rollback().await?;
            eprintln!("{}: attempt {}: {error}", message.event_id(), attempts + 1);
            tx.execute(RETRY, &[&id, &MAX_ATTEMPTS]).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// The time doubles, from a second to about an hour. After the last attempt, the job stays with the
/// time `infinity` until a person decides.
const RETRY: &str = "UPDATE jobs SET attempts = attempts + 1, \
     run_at = CASE WHEN attempts + 1 >= $2 THEN 'infinity' \
     ELSE now() + interval '1 s' * (1 << least(attempts, 12)) END WHERE id = $1";

async fn book(tx: &Transaction<'_>, message: &Message) -> Result<(), Failure> {
    if message.event_type() != Some("payment_intent.succeeded") {
        return Ok(());
    }
    // The transaction of the receiver was committed, so this message was verified. If others can
    // write to the table, verify it again: `message.verify(&verifier)`.
    let payment = payment(message.body())?;
    let insert = "INSERT INTO ledger (payment, account, cents) VALUES ($1, $2, $3)";
    tx.execute(insert, &[&payment.id, &payment.customer, &payment.amount]).await?;
    Ok(())
}

fn payment(body: &[u8]) -> Result<Payment, Failure> {
    Ok(serde_json::from_slice::<Event>(body)?.data.object)
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Payment,
}

#[derive(Deserialize)]
struct Payment {
    id: String,
    customer: String,
    amount: i64,
}

const POLL: Duration = Duration::from_millis(500);
const AFTER_ERROR: Duration = Duration::from_secs(5);
const MAX_ATTEMPTS: i32 = 20;
