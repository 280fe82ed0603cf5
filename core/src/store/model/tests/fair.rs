//! S8: fair queues.

use super::*;

/// A queue where the tenant `loud` has `in_flight` messages in flight and more waiting.
fn with_loud_tenant(in_flight: u32) -> Fixture {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "3600")]);
    for n in 0..in_flight + 5 {
        fixture.send_group("q", "loud", &format!("loud{n}"));
    }
    assert_eq!(fixture.receive("q", in_flight).len() as u32, in_flight);
    fixture
}

#[test]
fn s8_2_groups_do_not_lock_and_are_told() {
    let fixture = Fixture::standard(&[]);
    fixture.send_group("q", "t", "1");
    fixture.send_group("q", "t", "2");
    let first = fixture.receive("q", 1).remove(0);
    assert_eq!(first.message.group.as_deref(), Some("t"));
    assert_eq!(first.message.deduplication, None);
    assert_eq!(bodies(&fixture.receive("q", 1)), ["2"]);
}

#[test]
fn s8_4_s8_5_quiet_tenants_go_before_a_noisy_one() {
    let fixture = with_loud_tenant(30);
    fixture.send_group("q", "quiet", "quiet");
    fixture.send("q", "no tenant");
    assert_eq!(
        bodies(&fixture.receive("q", 3)),
        ["quiet", "no tenant", "loud30"]
    );
}

#[test]
fn s8_4_fewer_than_thirty_in_flight_is_not_noisy() {
    let fixture = with_loud_tenant(29);
    fixture.send_group("q", "quiet", "quiet");
    assert_eq!(bodies(&fixture.receive("q", 1)), ["loud29"]);
}

#[test]
fn s8_4_a_tenth_of_all_in_flight_is_not_noisy() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "3600")]);
    for n in 0..30 {
        fixture.send_group("q", "loud", &format!("loud{n}"));
    }
    for _ in 0..270 {
        fixture.send("q", "other");
    }
    fixture.receive("q", 300);
    fixture.send_group("q", "loud", "loud30");
    fixture.send_group("q", "quiet", "quiet");
    assert_eq!(bodies(&fixture.receive("q", 1)), ["loud30"]);
}

#[test]
fn s8_5_only_noisy_messages_come_as_usual_the_smaller_tenant_first() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "3600")]);
    for tenant in ["big", "small"] {
        let count = if tenant == "big" { 40 } else { 30 };
        for _ in 0..count {
            fixture.send_group("q", tenant, tenant);
        }
    }
    fixture.receive("q", 70);
    fixture.send_group("q", "big", "big");
    fixture.send_group("q", "small", "small");
    assert_eq!(bodies(&fixture.receive("q", 2)), ["small", "big"]);
}

#[test]
fn s8_6_a_tenant_that_stopped_sending_is_quiet_after_five_minutes() {
    let fixture = with_loud_tenant(30);
    fixture.send_group("q", "quiet", "quiet");
    fixture.advance(299_999);
    assert_eq!(bodies(&fixture.receive("q", 1)), ["quiet"]);
    fixture.send_group("q", "quiet", "quiet");
    fixture.advance(1);
    assert_eq!(bodies(&fixture.receive("q", 1)), ["loud30"]);
}

#[test]
fn d4_a_purge_ends_fairness() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send_group("q", "t", "tenant's");
    fixture.purge("q", FREE).unwrap();
    fixture.send("q", "1");
    fixture.send("q", "2");
    fixture.send("q", "3");
    let received = fixture.receive_for("q", 2, 30);
    fixture.change("q", &received[1], 0).unwrap();
    assert_eq!(
        bodies(&fixture.receive("q", 1)),
        ["2"],
        "returned ones first, as without tenants"
    );
}
