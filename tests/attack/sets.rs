//! Whole sets: cancel and resume, batching, saving, transfer, one picture alone.

use super::victims::demo;
use crate::attack::method;
use nearmiss::attack::{
    AttackRequest, AttackSettings, Checkpoint, Goal, Live, Loss, Method, Recalls, SetReport,
    SetRequest, Threat, Transfer, attack_picture, attack_set, export, report_done,
};
use nearmiss::dataset::{npy::read_array, open_picture};
use nearmiss::error::Error;
use nearmiss::retrieval::Side;
use nearmiss::task::Task;
use std::sync::{Arc, Mutex};

pub(super) const EPS: [f32; 2] = [1.0 / 255.0, 4.0 / 255.0];

pub(super) fn request(method: Method, images: usize, batch: usize) -> SetRequest {
    let demo = demo();
    SetRequest {
        set: demo.set.clone(),
        encoder: Arc::clone(&demo.encoder),
        dataset: Arc::new(demo.dataset.clone()),
        images: (0..images).collect(),
        goal: Goal::Lose,
        at: vec![1],
        sides: vec![Side::Image],
        settings: AttackSettings {
            method,
            steps: Some(4),
            seed: 3,
            ..AttackSettings::default()
        },
        eps: EPS.to_vec(),
        adaptive: false,
        batch,
        save: None,
        transfer: None,
    }
}

pub(super) fn run(request: &SetRequest) -> SetReport {
    attack_set(request, &mut Checkpoint::default(), &Task::detached()).unwrap()
}

#[test]
fn what_rounding_mends_is_attacked_again() {
    // Below half a level nothing survives 8 bits.
    let mut request = request(method("pgd"), 120, 16);
    request.eps = vec![0.49 / 255.0, 4.0 / 255.0];
    let mut done = Checkpoint::default();
    let report = attack_set(&request, &mut done, &Task::detached()).unwrap();
    assert_eq!(report.levels[0].quantized.values, report.clean_at.values);
    let mut again = 0;
    let units = done.rows().flat_map(|r| &r.units);
    for unit in units.filter(|u| !u.before.reached[0]) {
        let small = unit
            .finds
            .iter()
            .any(|f| f.eps == request.eps[0] && f.reached[0]);
        let large = unit.finds.iter().find(|f| f.eps == request.eps[1]);
        again += usize::from(small && large.is_some_and(|f| f.size.linf > 1.0 / 255.0));
    }
    assert!(again > 0, "some break at the small radius already");
    let first = |recalls: &Recalls| recalls.get(Side::Image, 1).unwrap();
    let (exact, saved) = (&report.levels[1].robust, &report.levels[1].quantized);
    assert!(first(saved) < first(&report.clean_at) && first(saved) <= first(exact) + 5.0);
}

#[test]
fn batches_do_not_matter() {
    for method in [method("pgd"), method("square"), method("noise")] {
        let (a, b) = (run(&request(method, 10, 3)), run(&request(method, 10, 10)));
        for (x, y) in a.rows.iter().zip(&b.rows) {
            assert_eq!(
                (x.image, x.smallest_eps),
                (y.image, y.smallest_eps),
                "{method:?}"
            );
            assert!((x.margin_after - y.margin_after).abs() < 1e-3, "{method:?}");
        }
    }
}

#[test]
fn a_cancelled_run_goes_on() {
    let request = request(method("pgd"), 12, 4);
    let whole = run(&request);
    let mut done = Checkpoint::default();
    // Cancelled as soon as the first batch is through.
    let task = Task::detached();
    let watcher = task.clone();
    let cancel = std::thread::spawn(move || {
        while watcher.progress().done < 4 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        watcher.cancel();
    });
    let stopped = attack_set(&request, &mut done, &task);
    cancel.join().unwrap();
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert!(
        (4..12).contains(&done.len()),
        "{} rows are kept",
        done.len()
    );
    // What is done can be looked at: the figures of those pictures alone.
    let count = done.len();
    let partial = report_done(&request, &done, &Task::detached())
        .unwrap()
        .expect("some are done");
    assert_eq!((partial.images, partial.rows.len()), (count, count));
    for row in &partial.rows {
        assert!(
            whole
                .rows
                .iter()
                .any(|r| r.image == row.image && r.smallest_eps == row.smallest_eps)
        );
    }
    let resumed = attack_set(&request, &mut done, &Task::detached()).unwrap();
    assert_eq!(
        (&resumed.levels[1].robust, &resumed.rows),
        (&whole.levels[1].robust, &whole.rows)
    );
    // Another seed is another run.
    let mut other = request.clone();
    other.settings.seed = 4;
    let fresh = attack_set(&other, &mut done, &Task::detached()).unwrap();
    assert_eq!(done.len(), 12);
    assert_eq!(
        report_done(&request, &done, &Task::detached()).unwrap(),
        None,
        "of another run"
    );
    assert_eq!(fresh.settings.seed, 4);
}

#[test]
fn what_is_saved_is_what_was_scored() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(method("fgsm"), 6, 4);
    request.save = Some(folder.path().to_path_buf());
    let demo = demo();
    request.transfer = Some(Transfer {
        encoder: Arc::clone(&demo.encoder),
        embedded: demo.set.embedded.clone(),
    });
    let report = run(&request);
    let pictures: Vec<_> = std::fs::read_dir(folder.path().join("pictures"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(pictures.len(), 6);
    let grid = request.set.network.grid();
    for entry in std::fs::read_dir(folder.path().join("exact"))
        .unwrap()
        .flatten()
    {
        let (values, shape) = read_array(&entry.path()).unwrap();
        assert_eq!(shape, [grid.channels, grid.height, grid.width]);
        assert!(values.iter().all(|v| (0.0..=1.0).contains(v)));
        let png = folder
            .path()
            .join("pictures")
            .join(entry.path().with_extension("png").file_name().unwrap());
        let saved = open_picture(&png).unwrap();
        let rounded = nearmiss::attack::pictures::planes(&saved, grid.channels);
        assert!(
            values
                .iter()
                .zip(&rounded)
                .all(|(a, b)| (a - b).abs() <= 0.5 / 255.0 + 1e-6)
        );
    }
    // The same encoder sees in the saved pictures what was scored after rounding.
    let elsewhere = report.transfer.as_ref().unwrap();
    for (level, robust) in report.levels.iter().zip(&elsewhere.robust) {
        assert_eq!(level.quantized.values, robust.values);
    }
    // A second run finds everything done; of files that are gone or damaged the batch is done again.
    let again = run(&request);
    assert_eq!(again.rows, report.rows);
    std::fs::remove_file(pictures[0].path()).unwrap();
    std::fs::write(pictures[5].path(), []).unwrap();
    let again = run(&request);
    assert_eq!(again.rows, report.rows);
    for picture in [&pictures[0], &pictures[5]] {
        assert!(open_picture(&picture.path()).is_ok(), "{picture:?} is back");
    }
    // Another run does not mix with it.
    let mut other = request.clone();
    other.settings.seed += 1;
    let refused = attack_set(&other, &mut Checkpoint::default(), &Task::detached());
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("another run") && said.contains("settings"),
        "{said}"
    );
}

#[test]
fn a_universal_perturbation_is_one_for_all_batches() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(method("universal"), 12, 5);
    request.eps = vec![8.0 / 255.0];
    request.save = Some(folder.path().to_path_buf());
    let report = run(&request);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .collect();
    let learnt = files
        .iter()
        .find(|f| f.file_name().to_string_lossy().starts_with("universal-"))
        .unwrap();
    let (delta, _) = read_array(&learnt.path()).unwrap();
    assert!(
        delta
            .iter()
            .all(|d| d.abs() <= request.eps[0] * (1.0 + 1e-5))
    );
    let demo = demo();
    for image in 0..12 {
        let stem = format!("{image:05}-");
        let exact = std::fs::read_dir(folder.path().join("exact"))
            .unwrap()
            .flatten();
        let file = exact
            .map(|e| e.path())
            .find(|p| p.file_name().unwrap().to_string_lossy().starts_with(&stem))
            .unwrap();
        let (x, _) = read_array(&file).unwrap();
        for ((x, c), d) in x.iter().zip(demo.pixels(&[image])).zip(&delta) {
            assert!((x - (c + d).clamp(0.0, 1.0)).abs() < 1e-6);
        }
    }
    let mean = |of: fn(&nearmiss::attack::RowReport) -> f32| {
        report.rows.iter().map(|r| f64::from(of(r))).sum::<f64>() / 12.0
    };
    assert!(mean(|r| r.margin_after) > mean(|r| r.margin_before) + 0.01);
    // It belongs to these pictures and this batch.
    for (what, other) in [
        (
            "pictures",
            SetRequest {
                images: (0..11).collect(),
                ..request.clone()
            },
        ),
        (
            "batch",
            SetRequest {
                batch: 6,
                ..request.clone()
            },
        ),
    ] {
        let refused = attack_set(&other, &mut Checkpoint::default(), &Task::detached());
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn a_universal_perturbation_does_not_depend_on_the_batch_but_on_the_loss() {
    let margins = |loss: Loss, batch: usize| -> Vec<f32> {
        let mut request = request(method("universal"), 12, batch);
        request.eps = vec![8.0 / 255.0];
        request.settings.loss = loss;
        let mut rows = run(&request).rows;
        rows.sort_by_key(|r| r.image);
        rows.iter().map(|r| r.margin_after).collect()
    };
    let whole = margins(Loss::Margin, 12);
    for (a, b) in whole.iter().zip(margins(Loss::Margin, 5)) {
        // Signs of gradients near 0 differ by rounding.
        assert!((a - b).abs() < 5e-3, "{a} and {b}");
    }
    let other = margins(Loss::CrossEntropy, 12);
    assert!(whole.iter().zip(&other).any(|(a, b)| (a - b).abs() > 5e-3));
}

#[test]
fn an_attack_that_goes_on_ends_with_a_stronger_perturbation() {
    let mut request = request(method("pgd"), 12, 12);
    request.eps = vec![8.0 / 255.0];
    request.settings.steps = Some(12);
    let first = run(&request);
    request.settings.full = true;
    let strongest = run(&request);
    let margin = |report: &SetReport, image: usize| {
        let row = report.rows.iter().find(|r| r.image == image).unwrap();
        (row.margin_after, row.gradients)
    };
    let mut longer = 0;
    for image in 0..12 {
        let ((a, few), (b, all)) = (margin(&first, image), margin(&strongest, image));
        assert!(b >= a - 1e-4, "picture {image}: {a}, then {b}");
        assert!(
            all % 12 == 0,
            "picture {image}: {all} gradients of whole runs"
        );
        longer += usize::from(all > few);
    }
    assert!(longer > 0, "some stop before the last step");
    assert_eq!(
        first.levels[0].success_rate,
        strongest.levels[0].success_rate
    );
}

#[test]
fn other_goals_have_targets_of_their_own() {
    for goal in [Goal::Win, Goal::Match, Goal::Away] {
        let mut request = request(method("pgd"), 6, 6);
        request.goal = goal;
        request.eps = vec![8.0 / 255.0];
        request.settings.steps = Some(10);
        let report = run(&request);
        assert!(
            report
                .rows
                .iter()
                .all(|r| r.margin_after >= r.margin_before),
            "{goal:?}"
        );
        assert!(
            report
                .rows
                .iter()
                .any(|r| r.margin_after > r.margin_before + 0.01),
            "{goal:?}"
        );
    }
}

#[test]
fn one_picture_leaves_a_report_that_reproduces_it() {
    let demo = demo();
    let image = (0..demo.set.embedded.images.rows())
        .find(|&i| {
            let own = demo.set.embedded.groups.range(i);
            let score = |j| demo.set.embedded.images.dot(i, &demo.set.embedded.texts, j);
            let best = own.clone().map(score).fold(f32::MIN, f32::max);
            (0..demo.set.embedded.texts.rows())
                .filter(|j| !own.contains(j))
                .all(|j| score(j) < best - 0.01)
        })
        .unwrap();
    let path = demo.dataset.images[image].place();
    for own_size in [false, true] {
        let request = AttackRequest {
            set: demo.set.clone(),
            encoder: Arc::clone(&demo.encoder),
            picture: Arc::new(open_picture(&path).unwrap()),
            image,
            goal: Goal::Lose,
            target: 0,
            own_size,
            settings: AttackSettings {
                method: method("pgd"),
                threat: Threat::linf(16.0 / 255.0),
                steps: Some(10),
                ..AttackSettings::default()
            },
        };
        let live = Arc::new(Mutex::new(Live::default()));
        let result = attack_picture(&request, &live, &Task::detached()).unwrap();
        assert_eq!(result.before.rank, 1);
        assert!(
            result.after.rank > 1 && result.after.verdict.fooled,
            "own size {own_size}"
        );
        assert!(result.size.linf <= 16.0 / 255.0 * (1.0 + 1e-5));
        assert!(!result.points.is_empty() && live.lock().unwrap().x.is_some());
        let again = attack_picture(&request, &Arc::default(), &Task::detached()).unwrap();
        assert_eq!(
            again.adversarial, result.adversarial,
            "the same seed gives the same picture"
        );
        let folder = tempfile::tempdir().unwrap();
        let files = export(
            &folder.path().join("a.png"),
            &result,
            &request,
            &demo.dataset,
        )
        .unwrap();
        let (values, _) = read_array(&files.npy).unwrap();
        assert_eq!(&values, result.adversarial.as_ref());
        let text = std::fs::read_to_string(&files.json).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["settings"]["method"], "pgd");
        assert_eq!(report["model_blake3"].as_str().unwrap().len(), 64);
        assert_eq!(report["after"]["rank"], result.after.rank);
        assert!(files.heatmap.is_file() && files.png.is_file());
    }
}
