//! Attacks among shortlists: what they find is held against the whole set.

use super::{LIMIT, TEXTS, alone, attack, figures, order, run};
use nearmiss::parts::merge::merge_attack;
use nearmiss::parts::plan::AttackTerms;
use nearmiss::parts::stage::plan_attack;
use nearmiss::retrieval::Side;
use nearmiss::task::Task;

/// Equal but for numbers that differ by rounding.
fn near(a: &serde_json::Value, b: &serde_json::Value, at: &str) {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Array(a), Array(b)) => {
            assert_eq!(a.len(), b.len(), "{at}");
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                near(a, b, &format!("{at}.{n}"));
            }
        }
        (Object(a), Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{at}");
            for (key, a) in a {
                near(a, &b[key], &format!("{at}.{key}"));
            }
        }
        (Number(x), Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            assert!((x - y).abs() <= 2e-6 * (1.0 + y.abs()), "{at}: {x} {y}");
        }
        _ => assert_eq!(a, b, "{at}"),
    }
}

#[test]
fn among_a_shortlist_of_all_that_an_attack_looks_at_it_finds_the_same() {
    // One step of FGSM looks at the 32 hardest captions; three of PGD may look at any.
    for (name, shortlist) in [("fgsm", 64), ("pgd", TEXTS)] {
        let order = AttackTerms {
            shortlist: Some(shortlist),
            ..order(name)
        };
        let whole = alone(&order, LIMIT);
        let (place, run) = run();
        plan_attack(&run, order, Some(LIMIT), &Task::detached()).unwrap();
        attack(&run);
        let found = merge_attack(&run, &Task::detached()).unwrap();
        near(&figures(&found.report), &figures(&whole), name);
        let bytes = std::fs::read(place.path().join("attack.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["shortlist"]["captions"], shortlist);
    }
}

#[test]
fn a_small_shortlist_says_where_its_finds_stand_in_the_whole_set() {
    let order = AttackTerms {
        at: vec![1],
        sides: vec![Side::Image],
        shortlist: Some(2),
        batch: 1,
        per_task: 1,
        eps: vec![4.0 / 255.0, 16.0 / 255.0],
        ..order("pgd")
    };
    let (_place, run) = run();
    plan_attack(&run, order.clone(), Some(LIMIT), &Task::detached()).unwrap();
    attack(&run);
    let found = merge_attack(&run, &Task::detached()).unwrap().report;
    let whole = alone(&order, LIMIT);
    assert_eq!(found.clean_at, whole.clean_at);
    // Deeper than among the two captions of its shortlist.
    let deepest = found.rows.iter().map(|row| row.rank_after).max();
    assert!(deepest.is_some_and(|rank| rank > 3), "{deepest:?}");
    let robust = found.levels[1].robust.get(Side::Image, 1);
    assert!(robust < found.clean_at.get(Side::Image, 1));
}
