//! `countersign demo` runs its deliveries, and each has the expected outcome.

use crate::program::countersign;

#[test]
fn the_demo_shows_the_result_of_each_delivery_and_all_are_as_expected() {
    let shown = countersign("demo").run().with(0);
    assert_eq!(shown.stderr, "");
    let (answers, proofs) = shown.stdout.split_once("\nVerified deliveries:\n").unwrap();
    let rows: Vec<&str> = answers.lines().skip(1).collect();
    assert_eq!(rows.len(), 39, "{answers}");
    assert!(rows.iter().all(|row| row.ends_with(" ok")), "{answers}");
    assert!(
        shown.stdout.ends_with("\n235 deliveries, 235 with expected response\n"),
        "{}",
        shown.stdout
    );

    for provider in ["jupiter", "perps-tracker", "venum", "x-webhook-signature"] {
        let row = |sent: &str| {
            let is_it =
                |row: &&&str| row.split_whitespace().next() == Some(provider) && row.contains(sent);
            rows.iter().find(is_it).map(|row| row.split_once(sent).unwrap().1.to_owned())
        };
        let answered = |sent: &str, status: &str, code: &str| {
            let row = row(sent).unwrap_or_else(|| panic!("{provider}: {sent}"));
            assert_eq!(row.matches(status).count(), 2, "{provider}: {sent}: {row}");
            assert_eq!(row.matches(code).count(), 2, "{provider}: {sent}: {row}");
        };
        answered("genuine delivery", "200", "handled, secret 0");
        answered("the same delivery again", "200", "duplicate, secret 0");
        answered("a new event, 50 concurrent copies", "200", "handled once");
        answered("tampered", "401", "signature_mismatch");
        answered("unsigned", "401", "missing_signature");
        answered("signature truncated", "400", "malformed_signature");
        answered("wrong secret", "401", "signature_mismatch");
        answered("old secret", "200", "duplicate, secret 1");
        if provider == "jupiter" {
            assert_eq!(row("stale"), None);
        } else {
            answered("stale", "400", "timestamp_too_old");
            answered("from the future", "400", "timestamp_in_future");
        }
    }
    for proof in [
        ["evt_demo_1", "body:/event_id", "swap.completed", "0 (current)"],
        ["evt_abc123xyz", "body:/id", "trade.new", "1 (previous)"],
        ["5KxabcDef...3nF:processed", "body:/signature+/type", "processed", "0 (current)"],
        ["evt_def456", "body:/id", "resource.updated", "0 (current)"],
    ] {
        let is_it = |row: &str| proof.iter().all(|cell| row.contains(cell));
        assert!(proofs.lines().any(is_it), "{proof:?} is not in:\n{proofs}");
    }
}
