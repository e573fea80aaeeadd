//! Shutdown.

use rustix::process::Signal;

use crate::deliveries::jupiter;
use crate::processes;
use crate::target::Target;

#[tokio::test]
async fn a_signal_drains_requests_in_flight() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut target = Target::start().await;
        let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
        let to = serving.address();
        let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
        let call = target.call().await;
        serving.signal(signal);
        assert!(serving.note().await.contains("draining"));
        call.answer(204);
        assert_eq!(answered.await.unwrap(), 204);
        let line = serving.line().await;
        assert_eq!((line["code"].as_str(), line["status"].as_u64()), (Some("handled"), Some(204)));
        let (status, said) = serving.ended().await;
        assert_eq!(status.code(), Some(0), "{said}");
    }
}

#[tokio::test]
async fn after_a_signal_no_new_request_is_accepted() {
    let mut target = Target::start().await;
    let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let to = serving.address();
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let call = target.call().await;
    serving.signal(Signal::TERM);
    assert!(serving.note().await.contains("draining"));
    // The response comes after the server has stopped listening, which this waits for.
    while tokio::net::TcpStream::connect(to).await.is_ok() {
        tokio::task::yield_now().await;
    }
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_exits_immediately() {
    let mut target = Target::start().await;
    let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let to = serving.address();
    let delivery = jupiter("evt_1").to_bytes();
    let mut sender = tokio::net::TcpStream::connect(to).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut sender, &delivery).await.unwrap();
    let call = target.call().await;
    serving.signal(Signal::TERM);
    assert!(serving.note().await.contains("draining"));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(1));
    call.abandoned().await;
}
