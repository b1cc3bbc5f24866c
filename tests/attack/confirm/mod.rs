//! Closed-form radii of linear classifiers, against the attacks.

mod made;

use super::method;
use made::{Case, FOURIER};
use nearmiss::attack::Norm;
use nearmiss::attack::confirm::{Agreement, Confirm, Confirmed, NEAR, ROUNDING, confirm, pairs};
use nearmiss::compute::Grid;
use nearmiss::error::{Error, Result};
use nearmiss::learn::linear::Shape;
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// Every attack in every norm finds the closed form, and perturbations of that size.
fn agrees(found: &[Confirmed]) {
    for each in found {
        let ratio = each.ratio().unwrap_or_else(|| panic!("{each:?}"));
        assert!((1.0 - ROUNDING..=1.0 + NEAR).contains(&ratio), "{each:?}");
        assert_eq!(each.agreement(), Agreement::Confirmed);
        // A perturbation that is smaller than the closed form would refute it, whatever radius was asked for.
        let size = each.size.unwrap() / each.closed;
        assert!(
            (1.0 - ROUNDING..=ratio + each.rounding / each.closed).contains(&size),
            "{each:?}"
        );
    }
}

/// Smallest and largest ratio by norm and attack; infinite where nothing was found.
fn ranges(found: &[Confirmed]) -> BTreeMap<(&'static str, &'static str), (f64, f64)> {
    let mut ranges = BTreeMap::new();
    for each in found {
        let ratio = each.ratio().unwrap_or(f64::INFINITY);
        let key = (each.norm.name(), each.method.name());
        let range = ranges.entry(key).or_insert((ratio, ratio));
        *range = (range.0.min(ratio), range.1.max(ratio));
    }
    ranges
}

#[test]
fn attacks_confirm_the_closed_form_in_every_norm() {
    let case = Case::made(Shape::plane(6, 6), 0.1);
    let listed = pairs(case.grid);
    assert_eq!(listed.len(), 4 * 4 + 3 * 2 + 1);
    let found = case.run(&listed);
    assert_eq!(found.len(), listed.len() * 12);
    println!("{:#?}", ranges(&found));
    agrees(&found);
    // The shape matters to Fourier transforms, whatever the model makes of it.
    for shape in [Shape::picture(2, 3, 5), Shape::line(30)] {
        let case = Case::made(shape, 0.1);
        agrees(&case.run(&[(method("fgsm"), FOURIER), (method("fourier"), FOURIER)]));
    }
}

#[test]
fn rounding_does_not_beat_a_row_by_the_boundary() {
    for least in [1e-3, 1e-4, 1e-5] {
        let case = Case::made(Shape::plane(6, 6), least);
        let mut pairs = pairs(case.grid);
        pairs.retain(|(method, _)| ["fgsm", "pgd", "deepfool"].contains(&method.name()));
        for each in case.run(&pairs) {
            assert_ne!(each.agreement(), Agreement::Beaten, "{least}: {each:?}");
            if least > 1e-4 {
                assert_eq!(each.agreement(), Agreement::Confirmed, "{each:?}");
            }
        }
    }
}

#[test]
fn a_wrong_closed_form_is_noticed() {
    let mut case = Case::made(Shape::plane(6, 6), 0.1);
    let mut pairs = pairs(case.grid);
    pairs.retain(|(method, _)| ["fgsm", "apgd", "deepfool", "fourier"].contains(&method.name()));
    for (share, agreement) in [
        (1.1, Agreement::Beaten),
        (1.001, Agreement::Beaten),
        (3.0, Agreement::Beaten),
        (0.9, Agreement::NotReached),
    ] {
        for (_, radii) in &mut case.radii {
            for radius in radii.iter_mut() {
                *radius *= share;
            }
        }
        for each in case.run(&pairs) {
            assert_eq!(each.agreement(), agreement, "{share}: {each:?}");
            let off = each.ratio().map_or(0.0, |ratio| ratio * share - 1.0);
            assert!((-1e-5..1e-4).contains(&off), "{share}: {each:?}");
            assert_eq!(each.found.is_none(), share < 1.0);
        }
        for (_, radii) in &mut case.radii {
            for radius in radii.iter_mut() {
                *radius /= share;
            }
        }
    }
}

#[test]
fn a_row_that_the_model_is_wrong_about_needs_nothing() {
    let mut case = Case::made(Shape::plane(6, 6), 0.1);
    case.labels[3] = 1 - case.labels[3];
    for each in case.run(&[(method("pgd"), Norm::L2)]) {
        assert_eq!(each.found == Some(0.0), each.row == 3, "{each:?}");
        assert_eq!(each.agreement() == Agreement::Beaten, each.row == 3);
    }
}

#[test]
fn steepest_ascent_in_l1_spreads_over_long_rows() {
    let case = Case::made(Shape::plane(20, 20), 0.1);
    let listed = pairs(case.grid);
    let apgd = method("apgd");
    assert!(!listed.contains(&(apgd, Norm::L1)) && listed.contains(&(method("fab"), Norm::L1)));
    agrees(&case.run(&[(method("fab"), Norm::L1), (method("deepfool"), Norm::L1)]));
    for each in case.run(&[(apgd, Norm::L1)]) {
        assert_ne!(each.agreement(), Agreement::Beaten);
    }
}

#[test]
fn what_cannot_be_confirmed_is_refused() {
    let case = Case::made(Shape::plane(6, 6), 0.1);
    let pairs = pairs(case.grid);
    let whole = case.asked(&pairs);
    let refused = |asked: &Confirm<'_>| {
        let refusal: Result<_> = confirm(asked, &Task::detached());
        refusal.unwrap_err().to_string()
    };
    for part in [
        Confirm {
            rows: &case.rows[1..],
            ..whole
        },
        Confirm {
            labels: &case.labels[1..],
            ..whole
        },
        Confirm {
            grid: Grid {
                width: 5,
                ..case.grid
            },
            ..whole
        },
    ] {
        assert!(refused(&part).contains("do not fit"));
    }
    for odd in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let mut radii = case.radii.clone();
        radii[1].1[4] = odd;
        let said = refused(&Confirm {
            radii: &radii,
            ..whole
        });
        assert!(said.contains("row 4"), "{said}");
    }
    for pair in [(method("pgd"), Norm::L0), (method("simba"), Norm::Free)] {
        let said = refused(&Confirm {
            pairs: &[pair],
            ..whole
        });
        assert!(said.contains("finds no radius"), "{said}");
    }
    let short = Confirm {
        grid: case.grid.with_rows(0),
        rows: &[],
        labels: &[],
        radii: &[],
        ..whole
    };
    assert_eq!(confirm(&short, &Task::detached()).unwrap(), []);
}

#[test]
fn it_stops_when_cancelled() {
    let case = Case::made(Shape::plane(6, 6), 0.1);
    let pairs = pairs(case.grid);
    let task = Task::detached();
    task.cancel();
    let stopped = confirm(&case.asked(&pairs), &task);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let task = Task::detached();
    let (stopped, since) = std::thread::scope(|scope| {
        let work = scope.spawn(|| confirm(&case.asked(&pairs), &task));
        while task.progress().total == 0 {
            std::thread::yield_now();
        }
        let since = Instant::now();
        task.cancel();
        (work.join().unwrap(), since)
    });
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert!(since.elapsed().as_secs_f64() < 1.0);
}

fn lab<T: npyz::Deserialize>(name: &str) -> Vec<T> {
    let root = std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder");
    let path = PathBuf::from(root).join("labs/labC").join(name);
    let bytes = std::fs::read(path).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn digits_of_a_lab() {
    let w: Vec<f64> = lab("digits_final_gd.npy");
    let bytes: Vec<u8> = lab("digits_X_uint8.npy");
    let y: Vec<i8> = lab("digits_y.npy");
    // Five of each class, spread over the set.
    let of_class = |class: i8| {
        let all: Vec<usize> = (0..y.len()).filter(|&row| y[row] == class).collect();
        (0..5)
            .map(move |k| all[k * all.len() / 5])
            .collect::<Vec<_>>()
    };
    let chosen = [of_class(1), of_class(-1)].concat();
    let labels: Vec<i8> = chosen.iter().map(|&row| y[row]).collect();
    let pixels = chosen
        .iter()
        .flat_map(|&row| &bytes[row * 784..(row + 1) * 784]);
    let rows = pixels.map(|&v| f32::from(v) / 255.0).collect();
    let case = Case::new(&w, rows, &labels, Shape::plane(28, 28));
    let pairs = pairs(case.grid);
    assert_eq!(pairs.len(), 3 * 4 + 3 * 2 + 1);
    let mut all = Vec::new();
    for pair in pairs {
        let since = Instant::now();
        let found = case.run(&[pair]);
        println!(
            "{:?}: {:.2} s",
            ranges(&found),
            since.elapsed().as_secs_f64()
        );
        all.extend(found);
    }
    agrees(&all);
    // Those that cannot reach it may be weak, never better.
    for name in ["fgsm", "pgd", "apgd"] {
        let found = case.run(&[(method(name), Norm::L1)]);
        println!("weak: {:?}", ranges(&found));
        assert!(found.iter().all(|f| f.agreement() != Agreement::Beaten));
    }
}
