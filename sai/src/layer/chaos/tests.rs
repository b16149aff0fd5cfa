use super::*;
use crate::layer::testing::{Fake, SWITCH};
use crate::notify::NotificationKind;
use crate::object::switch::OperStatus;
use crate::{BulkCreate, Status, Value, meta};

const SPEED: &str = "SAI_PORT_ATTR_SPEED";

#[derive(Debug, Default)]
struct Recorder {
    waits: Mutex<Vec<Duration>>,
    seen: Mutex<Vec<i32>>,
}

impl Clock for Recorder {
    fn wait(&self, time: Duration) {
        self.waits.lock().push(time);
    }
}

impl NotificationSink for Recorder {
    fn notify(&self, notification: &Notification) {
        if let Notification::SwitchStateChange { switch_oper_status, .. } = notification {
            self.seen.lock().push(switch_oper_status.0);
        }
    }
}

fn rule(operation: Option<Operation>, when: When, effect: Effect) -> Rule {
    Rule { operation, object_type: None, attr: None, notification: None, when, effect }
}

fn layer(seed: u64, rules: Vec<Rule>) -> (Arc<Fake>, Arc<Recorder>, Chaos) {
    let fake = Arc::new(Fake::default());
    let recorder = Arc::new(Recorder::default());
    let chaos = Chaos::new(fake.clone(), Plan { seed, rules }, recorder.clone());
    chaos.subscribe(recorder.clone());
    (fake, recorder, chaos)
}

fn port(n: u64) -> ObjectRef {
    ObjectRef::Object(ObjectType::PORT, Fake::id(ObjectType::PORT, n))
}

#[test]
fn the_nth_match_fails_without_reaching_the_backend() {
    let full = Effect::Status(Status::TABLE_FULL);
    let of_lag =
        Rule { object_type: Some(ObjectType::LAG), ..rule(Some(Operation::Create), When::Nth(2), full) };
    let (fake, _, chaos) = layer(0, vec![of_lag]);
    let create = |t| chaos.create(SWITCH, Target::Object(t), &[]).map_err(|e| e.status());
    assert!(create(ObjectType::LAG).is_ok());
    assert!(create(ObjectType::VLAN).is_ok());
    assert_eq!(fake.take_calls().len(), 2);
    assert_eq!(create(ObjectType::LAG), Err(Status::TABLE_FULL));
    assert_eq!(fake.take_calls().len(), 0);
    assert!(create(ObjectType::LAG).is_ok());
    assert_eq!(chaos.log()[0].to_string(), "rule 0: create SAI_OBJECT_TYPE_LAG: SAI_STATUS_TABLE_FULL");
}

#[test]
fn a_status_about_an_attribute_has_its_position_and_a_delay_passes_on_the_clock() {
    let speed = meta::attr_by_name(SPEED).unwrap().id;
    let about = |effect| Rule { attr: Some(speed), ..rule(None, When::Always, effect) };
    let delay = Duration::from_millis(5);
    let (_, recorder, chaos) =
        layer(0, vec![about(Effect::Delay(delay)), about(Effect::Status(Status::ATTR_NOT_SUPPORTED_0))]);
    let e = chaos.get(&port(1), &mut [AttrEntry::ask(speed + 1), AttrEntry::ask(speed)]).unwrap_err();
    assert_eq!(e.status(), Status::ATTR_NOT_SUPPORTED_0.nth(1));
    chaos.set(&port(1), &AttrEntry::new(speed + 1, Value::Bool(true))).unwrap();
    assert_eq!(*recorder.waits.lock(), [delay]);
    assert_eq!(chaos.take_log().len(), 2);
    assert!(chaos.log().is_empty());
}

#[test]
fn objects_of_a_bulk_call_fail_one_by_one() {
    let (_, _, chaos) =
        layer(0, vec![rule(Some(Operation::Create), When::Nth(2), Effect::Status(Status::NO_MEMORY))]);
    let item = BulkCreate { target: Target::Object(ObjectType::LAG), attrs: &[] };
    let results = chaos.bulk(Bulk::Create { switch: SWITCH, items: &[item; 3] }, BulkErrorMode::StopOnError);
    let statuses: Vec<_> =
        results.iter().map(|r| r.as_ref().map_or_else(|e| e.status(), |_| Status::SUCCESS)).collect();
    assert_eq!(statuses, [Status::SUCCESS, Status::NO_MEMORY, Status::NOT_EXECUTED]);
}

#[test]
fn the_same_seed_gives_the_same_failures_and_another_seed_others() {
    let run = |seed| {
        let half = rule(None, When::Probability(0.5), Effect::Status(Status::FAILURE));
        let (_, _, chaos) = layer(seed, vec![half]);
        (0..64).map(|n| chaos.remove(&port(n)).is_err()).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let failed = run(1).iter().filter(|f| **f).count();
    assert!((10..54).contains(&failed), "{failed} of 64");
}

#[test]
fn notifications_are_lost_doubled_and_reordered() {
    let nth = |n, trouble| Rule {
        notification: Some(NotificationKind::SwitchStateChange),
        ..rule(Some(Operation::Notify), When::Nth(n), Effect::Trouble(trouble))
    };
    let (fake, recorder, chaos) = layer(
        0,
        vec![
            nth(1, Trouble::Lose),
            nth(2, Trouble::Double),
            nth(3, Trouble::Reorder),
            nth(5, Trouble::Reorder),
        ],
    );
    for n in 1..=5 {
        fake.send(&Notification::SwitchStateChange { switch_id: SWITCH, switch_oper_status: OperStatus(n) });
    }
    assert_eq!(*recorder.seen.lock(), [2, 2, 4, 3]);
    chaos.release();
    assert_eq!(*recorder.seen.lock(), [2, 2, 4, 3, 5]);
    assert_eq!(chaos.log().len(), 4);
}

#[cfg(feature = "chaos-toml")]
mod toml_form {
    use super::*;

    #[test]
    fn a_plan_is_read() {
        let plan = Plan::from_toml(
            r#"
            seed = 7
            [[rule]]
            operation = "create"
            object_type = "SAI_OBJECT_TYPE_ROUTE_ENTRY"
            nth = 3
            status = "SAI_STATUS_TABLE_FULL"
            [[rule]]
            attr = "SAI_PORT_ATTR_SPEED"
            probability = 0.1
            delay_us = 5000
            [[rule]]
            notification = "fdb_event"
            trouble = "double"
            "#,
        )
        .unwrap();
        assert_eq!(plan.seed, 7);
        assert_eq!(plan.rules[0].effect, Effect::Status(Status::TABLE_FULL));
        assert_eq!(plan.rules[1].object_type, Some(ObjectType::PORT));
        assert_eq!(plan.rules[1].effect, Effect::Delay(Duration::from_millis(5)));
        assert_eq!(plan.rules[2].operation, Some(Operation::Notify));
        assert_eq!(plan.rules[2].notification, Some(NotificationKind::FdbEvent));
    }

    #[test]
    fn a_bad_plan_is_refused_with_line_and_key() {
        let cases = [
            ("seed = -1", "line 1", "seed"),
            ("\n[[rule]]\nstatsu = 1", "line 3", "statsu"),
            ("\n[[rule]]\nnth = 0\ndelay_us = 1", "line 3", "nth"),
            ("[[rule]]\nprobability = 1.5", "line 2", "probability"),
            ("[[rule]]\nstatus = \"SAI_STATUS_FULL\"", "line 2", "status"),
            ("[[rule]]\nattr = \"SAI_PORT_ATTR_SPED\"", "line 2", "SAI_PORT_ATTR_SPED"),
            ("[[rule]]\nobject_type = \"PORT\"", "line 2", "object_type"),
            ("[[rule]]\noperation = \"make\"", "line 2", "operation"),
            ("[[rule]]\nnotification = \"bell\"", "line 2", "notification"),
            ("[[rule]]\nnth = 1", "line 1", "exactly one of `status`"),
            ("[[rule]]\nnth = 1\nprobability = 0.5\ndelay_us = 1", "line 1", "at most one of `nth`"),
            ("[[rule]]\noperation = \"set\"\ntrouble = \"lose\"", "line 1", "`trouble`"),
            ("[[rule]]\noperation = \"bulk_set\"\ndelay_us = 1", "line 1", "object by object"),
            ("rule = [", "line 1", "rule"),
        ];
        for (text, line, key) in cases {
            let e = Plan::from_toml(text).unwrap_err().to_string();
            assert!(e.contains(line) && e.contains(key), "{text:?}: {e}");
        }
    }
}
