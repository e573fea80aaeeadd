//! A model checker for the claim protocol. It explores three deliveries of one event exhaustively:
//! every order of steps, with lost requests, lost responses, crashes and expired leases, and with a
//! delayed copy of one delivery's claim. It must also find the faults of typical handwritten
//! protocols.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use countersign::store::protocol::{self, Record, State};
use countersign::store::{Attempt, ClaimOutcome, Fingerprint, RenewOutcome, Token};

#[test]
fn the_protocol_keeps_its_guarantees_in_every_interleaving() {
    let explored = explore(&Ours, None).unwrap_or_else(|violation| panic!("{violation}"));
    // A broken search explores almost nothing.
    assert!(explored > 50_000, "only {explored} states were explored");
}

#[test]
fn the_model_detects_a_protocol_that_completes_before_the_work() {
    assert_violates(&MarkBefore, Promise::NoSuccessBeforeTheWork);
}

#[test]
fn the_model_detects_a_protocol_that_writes_only_after_the_work() {
    assert_violates(&MarkAfter, Promise::OneLiveHolder);
}

#[test]
fn the_model_detects_a_release_without_ownership() {
    assert_violates(&UnownedRelease, Promise::OneLiveHolder);
}

#[test]
fn the_model_detects_answering_200_to_a_duplicate_in_flight() {
    assert_violates(&SuccessForInFlight, Promise::NoSuccessBeforeTheWork);
}

#[test]
fn the_model_detects_granting_an_event_to_a_released_attempt() {
    assert_violates(&GrantsTheReleased, Promise::NoGrantToTheReleased);
}

#[test]
fn the_model_detects_forgetting_a_release_that_overtakes_its_claim() {
    assert_violates(&IgnoresEarlyRelease, Promise::NoGrantToTheReleased);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promise {
    OneLiveHolder,
    NoSuccessForgotten,
    NoSuccessBeforeTheWork,
    NoGrantToTheReleased,
}

fn assert_violates(protocol: &dyn Protocol, promise: Promise) {
    match explore(protocol, Some(promise)) {
        Ok(explored) => panic!("no violation was found in {explored} states"),
        Err(violation) => assert_eq!(violation.promise, promise, "{violation}"),
    }
}

/// The steps of a store, and how the receiver responds to a duplicate in flight.
trait Protocol {
    fn claim(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Claimed {
        let (outcome, changed) = protocol::claim(record, attempt, now);
        (outcome, changed.or(record.copied()))
    }

    fn complete(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Option<Record> {
        protocol::complete(record, attempt, now).1.or(record.copied())
    }

    fn release(&self, record: Option<&Record>, attempt: &Attempt) -> Option<Record> {
        protocol::release(record, attempt).1.or(record.copied())
    }

    fn renew(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Renewed {
        let (outcome, changed) = protocol::renew(record, attempt, now);
        (outcome, changed.or(record.copied()))
    }

    fn in_flight_is_success(&self) -> bool {
        false
    }
}

type Claimed = (ClaimOutcome, Option<Record>);
type Renewed = (RenewOutcome, Option<Record>);

struct Ours;
impl Protocol for Ours {}

/// Marks the event as done before the handler runs.
struct MarkBefore;
impl Protocol for MarkBefore {
    fn claim(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Claimed {
        let (outcome, changed) = protocol::claim(record, attempt, now);
        let done = changed.map(|record| Record { state: State::Done { at_ms: now }, ..record });
        (outcome, done.or(record.copied()))
    }
}

/// Marks the event as done after the handler has run, and writes nothing before that.
struct MarkAfter;
impl Protocol for MarkAfter {
    fn claim(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Claimed {
        (protocol::claim(record, attempt, now).0, record.copied())
    }
}

/// A failure deletes the record, even if another attempt owns it.
struct UnownedRelease;
impl Protocol for UnownedRelease {
    fn release(&self, _: Option<&Record>, _: &Attempt) -> Option<Record> {
        None
    }
}

/// Treats "in flight" as success.
struct SuccessForInFlight;
impl Protocol for SuccessForInFlight {
    fn in_flight_is_success(&self) -> bool {
        true
    }
}

/// Grants a claim that arrives after its own release.
struct GrantsTheReleased;
impl Protocol for GrantsTheReleased {
    fn claim(&self, record: Option<&Record>, attempt: &Attempt, now: i64) -> Claimed {
        let unowned = |record: &Record| Record { token: Token::from_bytes([9; 16]), ..*record };
        let failed = record.filter(|record| record.state == State::Failed).map(unowned);
        let (outcome, changed) = protocol::claim(failed.as_ref().or(record), attempt, now);
        (outcome, changed.or(record.copied()))
    }
}

/// A release without a record writes nothing.
struct IgnoresEarlyRelease;
impl Protocol for IgnoresEarlyRelease {
    fn release(&self, record: Option<&Record>, attempt: &Attempt) -> Option<Record> {
        protocol::release(Some(record?), attempt).1.or(record.copied())
    }
}

/// The whole state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    now: i64,
    record: Option<Record>,
    deliveries: [Delivery; DELIVERIES],
    /// Whether a handler has had its effect.
    effect: bool,
    /// Whether a success has been recorded.
    recorded: bool,
    /// Whether a copy of the delayed delivery's claim is still in transit.
    delayed: bool,
    /// Whether the delayed delivery has been released, and no other delivery has held the event
    /// since then: a record stores only the last token.
    released: bool,
}

/// One delivery and the process that handles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Delivery {
    /// Before the claim; it may have been sent already, without a response.
    Claiming { tries: u8 },
    /// Its handler runs, and relies on the lease until then.
    Handling { lease_until: i64 },
    /// Its handler has succeeded; the completion is not written yet.
    Recording { tries: u8 },
    /// Its handler has failed; the claim is not released yet.
    Releasing { tries: u8 },
    /// Answered, or crashed.
    Over,
}

const DELIVERIES: usize = 3;
/// The delivery whose claim may arrive a second time, later.
const DELAYED: usize = 0;
const LEASE: i64 = 2;
const END_OF_TIME: i64 = 6;
const TRIES: u8 = 2;

/// A violated guarantee, and the steps that lead to it.
#[derive(Debug)]
struct Violation {
    promise: Promise,
    steps: Vec<String>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is broken by:\n  {}", self.promise, self.steps.join("\n  "))
    }
}

/// One step: its description, the state after it, and the guarantee that it violates.
type Step = (String, World, Option<Promise>);

/// Visits every reachable state in breadth-first order, so that the violation it returns has the
/// fewest steps. Looks for a violation of this guarantee, or of any.
fn explore(protocol: &dyn Protocol, sought: Option<Promise>) -> Result<usize, Violation> {
    let first = World {
        now: 0,
        record: None,
        deliveries: [Delivery::Claiming { tries: 0 }; DELIVERIES],
        effect: false,
        recorded: false,
        delayed: true,
        released: false,
    };
    let mut seen = HashSet::from([first.clone()]);
    // Every state with the number of its predecessor, and the step between them.
    let mut trail: Vec<(usize, String)> = vec![(0, String::new())];
    let mut queue = VecDeque::from([(0, first)]);
    while let Some((number, world)) = queue.pop_front() {
        for (what, next, broken) in steps(protocol, &world) {
            let broken = [broken, broken_by_state(&next)].into_iter().flatten();
            let sought = |promise: &Promise| sought.is_none_or(|sought| sought == *promise);
            if let Some(promise) = broken.into_iter().find(sought) {
                let mut steps = vec![what];
                let mut at = number;
                while at != 0 {
                    steps.push(trail[at].1.clone());
                    at = trail[at].0;
                }
                steps.reverse();
                return Err(Violation { promise, steps });
            }
            if seen.insert(next.clone()) {
                trail.push((number, what));
                queue.push_back((trail.len() - 1, next));
            }
        }
    }
    Ok(seen.len())
}

fn broken_by_state(world: &World) -> Option<Promise> {
    let live = world.deliveries.iter().filter(
        |delivery| matches!(delivery, Delivery::Handling { lease_until } if world.now < *lease_until),
    );
    if live.count() > 1 {
        return Some(Promise::OneLiveHolder);
    }
    let remembered = matches!(world.record, Some(Record { state: State::Done { .. }, .. }));
    (world.recorded && !remembered).then_some(Promise::NoSuccessForgotten)
}

fn steps(protocol: &dyn Protocol, world: &World) -> Vec<Step> {
    let mut steps = Vec::new();
    if world.now < END_OF_TIME {
        let next = World { now: world.now + 1, ..world.clone() };
        steps.push(("time passes".to_owned(), next, None));
    }
    if world.delayed {
        steps.push(late_claim(protocol, world));
    }
    for index in 0..DELIVERIES {
        match world.deliveries[index] {
            Delivery::Claiming { tries } => claiming(protocol, world, index, tries, &mut steps),
            Delivery::Handling { .. } => handling(protocol, world, index, &mut steps),
            Delivery::Recording { tries } => recording(protocol, world, index, tries, &mut steps),
            Delivery::Releasing { tries } => releasing(protocol, world, index, tries, &mut steps),
            Delivery::Over => {}
        }
    }
    steps
}

/// Sends the claim: the response arrives, or the response is lost, or the request is lost.
fn claiming(
    protocol: &dyn Protocol,
    world: &World,
    index: usize,
    tries: u8,
    steps: &mut Vec<Step>,
) {
    let attempt = attempt(index);
    let (outcome, record) = protocol.claim(world.record.as_ref(), &attempt, world.now);
    let mut claimed = World { record, ..world.clone() };
    claimed.released &= !matches!(outcome, ClaimOutcome::Granted { .. });

    let (after, success) = match outcome {
        ClaimOutcome::Granted { .. } => {
            (Delivery::Handling { lease_until: world.now + LEASE }, false)
        }
        ClaimOutcome::Done { .. } => (Delivery::Over, true),
        ClaimOutcome::InFlight { .. } => (Delivery::Over, protocol.in_flight_is_success()),
        _ => (Delivery::Over, false),
    };
    let granted_after_success = world.recorded && matches!(after, Delivery::Handling { .. });
    let broken = if success && !world.effect {
        Some(Promise::NoSuccessBeforeTheWork)
    } else {
        granted_after_success.then_some(Promise::NoSuccessForgotten)
    };
    steps.push((format!("{index} claims: {outcome:?}"), with(&claimed, index, after), broken));

    let again = if tries + 1 < TRIES {
        Delivery::Claiming { tries: tries + 1 }
    } else {
        Delivery::Releasing { tries: 0 }
    };
    let lost = with(&claimed, index, again);
    steps.push((format!("{index} claims: {outcome:?}, and the reply is lost"), lost, None));
    steps.push((format!("{index} claims: the question is lost"), with(world, index, again), None));
    steps.push((
        format!("{index} dies before its claim"),
        with(world, index, Delivery::Over),
        None,
    ));
}

/// A copy of the claim arrives, and no delivery waits for the response.
fn late_claim(protocol: &dyn Protocol, world: &World) -> Step {
    let (outcome, record) = protocol.claim(world.record.as_ref(), &attempt(DELAYED), world.now);
    let is_granted = matches!(outcome, ClaimOutcome::Granted { .. });
    let broken = (is_granted && world.released).then_some(Promise::NoGrantToTheReleased);
    let next = World { record, delayed: false, ..world.clone() };
    (format!("a late claim of {DELAYED} arrives: {outcome:?}"), next, broken)
}

fn handling(protocol: &dyn Protocol, world: &World, index: usize, steps: &mut Vec<Step>) {
    let (outcome, record) = protocol.renew(world.record.as_ref(), &attempt(index), world.now);
    if outcome == RenewOutcome::Renewed {
        let renewed = World { record, ..world.clone() };
        let held = Delivery::Handling { lease_until: world.now + LEASE };
        steps.push((format!("{index} renews its lease"), with(&renewed, index, held), None));
    }
    let mut succeeded = with(world, index, Delivery::Recording { tries: 0 });
    succeeded.effect = true;
    steps.push((format!("{index} succeeds, and answers 200"), succeeded, None));
    let failed = with(world, index, Delivery::Releasing { tries: 0 });
    steps.push((format!("{index} fails, and answers 500"), failed, None));
    steps.push((format!("{index} dies while handling"), with(world, index, Delivery::Over), None));
    let mut died_late = with(world, index, Delivery::Over);
    died_late.effect = true;
    steps.push((format!("{index} dies between its effect and its record"), died_late, None));
}

fn recording(
    protocol: &dyn Protocol,
    world: &World,
    index: usize,
    tries: u8,
    steps: &mut Vec<Step>,
) {
    let record = protocol.complete(world.record.as_ref(), &attempt(index), world.now);
    let recorded = World { record, recorded: true, ..world.clone() };
    let again =
        if tries + 1 < TRIES { Delivery::Recording { tries: tries + 1 } } else { Delivery::Over };
    steps.push((format!("{index} records"), with(&recorded, index, Delivery::Over), None));
    steps.push((
        format!("{index} records, and the reply is lost"),
        with(&recorded, index, again),
        None,
    ));
    steps.push((format!("{index} records: the question is lost"), with(world, index, again), None));
}

fn releasing(
    protocol: &dyn Protocol,
    world: &World,
    index: usize,
    tries: u8,
    steps: &mut Vec<Step>,
) {
    let record = protocol.release(world.record.as_ref(), &attempt(index));
    let mut released = World { record, ..world.clone() };
    // If another attempt holds the event, or held it last, there is no room for this one's token.
    let is_last = record.is_none_or(|record| record.token == attempt(index).token);
    released.released |= index == DELAYED && is_last;
    let again =
        if tries + 1 < TRIES { Delivery::Releasing { tries: tries + 1 } } else { Delivery::Over };
    steps.push((format!("{index} releases"), with(&released, index, Delivery::Over), None));
    steps.push((
        format!("{index} releases, and the reply is lost"),
        with(&released, index, again),
        None,
    ));
    steps.push((
        format!("{index} releases: the question is lost"),
        with(world, index, again),
        None,
    ));
}

fn with(world: &World, index: usize, delivery: Delivery) -> World {
    let mut next = world.clone();
    next.deliveries[index] = delivery;
    next
}

fn attempt(index: usize) -> Attempt {
    let lease = Duration::from_millis(LEASE.unsigned_abs());
    let retention = Duration::from_secs(3600);
    let mut attempt = Attempt::new(Fingerprint::from_u64(7), lease, retention).unwrap();
    attempt.token = Token::from_bytes([index as u8; 16]);
    attempt
}
