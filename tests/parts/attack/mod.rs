//! An attack in parts has the figures of one machine, whatever the cut.

mod shortlist;

use super::run::{all_tasks, terms};
use crate::attack::method;
use nearmiss::attack::{
    AttackSettings, Checkpoint, Goal, Network, Set, SetReport, SetRequest, attack_set,
};
use nearmiss::compute::{Choice, Measure, choose};
use nearmiss::dataset::{self, Wanted};
use nearmiss::encoder::{Encoder, EncoderOptions};
use nearmiss::error::Error;
use nearmiss::parts::merge::{check, merge_attack};
use nearmiss::parts::plan::{AttackTerms, Coder, EmbedPlan, Shard};
use nearmiss::parts::stage::{Attacker, Embedder, Terms, embed, plan_attack, plan_ranking};
use nearmiss::parts::status::status;
use nearmiss::parts::{Run, Stage, finish_ranking};
use nearmiss::retrieval::Side;
use nearmiss::source::EncoderSource;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Images of the demo's set, and those attacked.
const IMAGES: usize = 300;
const TEXTS: usize = 900;
const LIMIT: usize = 23;

fn order(name: &str) -> AttackTerms {
    AttackTerms {
        goal: Goal::Lose,
        at: vec![1, 5],
        sides: SetRequest::SIDES.to_vec(),
        settings: AttackSettings {
            method: method(name),
            steps: Some(3),
            seed: 5,
            ..AttackSettings::default()
        },
        eps: vec![1.0 / 255.0, 4.0 / 255.0],
        adaptive: false,
        batch: 4,
        compute: Choice::Cpu,
        memory: 8 << 30,
        captions: 5_000_000,
        shortlist: None,
        per_task: 8,
    }
}

/// The demo's folder; its encoder lies in `encoder`.
fn folder() -> PathBuf {
    dataset::demo::unpack(&std::env::temp_dir().join("nearmiss-attack")).unwrap()
}

fn options() -> EncoderOptions {
    EncoderOptions {
        providers: vec![nearmiss::runtime::Provider::Cpu],
        ..EncoderOptions::default()
    }
}

/// A run at `place`, embedded by the encoder in `encoder`, ranked and merged.
fn ranked(place: &Path, encoder: &Path, terms: &Terms) -> Run {
    let task = Task::detached();
    let run = Run::open(&place.to_string_lossy()).unwrap();
    let source = EncoderSource::Folder(encoder.to_path_buf());
    let coder = Coder {
        hash: source
            .open(&options(), &task)
            .unwrap()
            .fingerprint(&task)
            .unwrap(),
        source,
        options: options(),
        remote: None,
    };
    let data = folder().to_string_lossy().into_owned();
    let mut plan =
        EmbedPlan::of_dataset(data, Wanted::default(), coder, Measure::Cosine, 4096, &task)
            .unwrap();
    plan.shards = [0, 10, 15, 120, IMAGES]
        .windows(2)
        .map(|w| Shard::Images(w[0], w[1]))
        .collect();
    let hash = run.write_plan(Stage::Embed, &plan).unwrap();
    let mut embedder = Embedder::new(&plan, None).unwrap();
    for n in 0..plan.shards.len() {
        embed(&run, &mut embedder, &hash, n, &task).unwrap();
    }
    plan_ranking(&run, terms, &task).unwrap();
    all_tasks(&run);
    run
}

/// A copy of a run that is embedded, ranked and merged.
fn run() -> (tempfile::TempDir, Run) {
    static READY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let run = ranked(place.path(), &folder().join("encoder"), &terms(1e5));
        finish_ranking(&run, &Task::detached()).unwrap();
        place
    });
    let place = tempfile::tempdir().unwrap();
    copy(ready.path(), place.path());
    let run = Run::open(&place.path().to_string_lossy()).unwrap();
    (place, run)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What one machine says.
fn alone(order: &AttackTerms, limit: usize) -> SetReport {
    static SET: OnceLock<(Arc<Encoder>, Arc<dataset::Dataset>, Set)> = OnceLock::new();
    let task = Task::detached();
    let (encoder, dataset, set) = SET.get_or_init(|| {
        let source = EncoderSource::Folder(folder().join("encoder"));
        let encoder = Arc::new(source.open(&options(), &task).unwrap());
        let set = dataset::open(&folder(), &task).unwrap();
        let made = encoder.embed_dataset(&set, None, &task).unwrap();
        let network =
            Network::image_tower(&encoder, &options().providers, order.batch, &task).unwrap();
        let set = Set {
            network: Arc::new(network),
            engine: choose(Choice::Cpu).unwrap(),
            embedded: made.embedded,
            part: None,
        };
        (encoder, Arc::new(made.dataset), set)
    });
    let request = SetRequest {
        set: set.clone(),
        encoder: Arc::clone(encoder),
        dataset: Arc::clone(dataset),
        images: (0..limit.min(dataset.images.len())).collect(),
        goal: order.goal,
        at: order.at.clone(),
        sides: order.sides.clone(),
        settings: order.settings.clone(),
        eps: order.eps.clone(),
        adaptive: order.adaptive,
        batch: order.batch,
        save: None,
        transfer: None,
    };
    attack_set(&request, &mut Checkpoint::default(), &task).unwrap()
}

/// All but what tells how and how fast it was computed.
fn figures(report: &SetReport) -> serde_json::Value {
    let mut value = serde_json::to_value(report).unwrap();
    let all = value.as_object_mut().unwrap();
    for key in ["seconds", "prepare_seconds", "steps_per_second"] {
        all.remove(key).expect("a key of the report");
    }
    let clean = all["clean"].as_object_mut().unwrap();
    clean.remove("seconds");
    clean.remove("engine");
    for figure in all["figures"].as_array_mut().unwrap() {
        figure.as_object_mut().unwrap().remove("seconds").unwrap();
    }
    value
}

fn attack(run: &Run) {
    let (plan, hash) = run.attack_plan().unwrap();
    let engine = choose(Choice::Cpu).unwrap();
    let mut attacker = Attacker::new(run, &plan, &hash, engine).unwrap();
    // In any order.
    for n in (0..plan.tasks()).rev() {
        assert!(attacker.attack(n, &Task::detached()).unwrap());
        assert!(!attacker.attack(n, &Task::detached()).unwrap());
    }
}

#[test]
fn one_three_and_many_tasks_have_the_figures_of_one_machine() {
    let order = order("pgd");
    let whole = alone(&order, LIMIT);
    for (per_task, tasks) in [(40, 1), (8, 3), (1, 6)] {
        let (place, run) = run();
        let order = AttackTerms {
            per_task,
            ..order.clone()
        };
        let (plan, _) = plan_attack(&run, order, Some(LIMIT), &Task::detached()).unwrap();
        assert_eq!(plan.tasks(), tasks);
        attack(&run);
        let found = merge_attack(&run, &Task::detached()).unwrap();
        assert_eq!(figures(&found.report), figures(&whole), "{tasks} tasks");
        assert_eq!(found.data.images.used, IMAGES as u64);
        let bytes = std::fs::read(place.path().join("attack.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let level = &json["levels"][1];
        assert_eq!(json["robust"], level["robust"]);
        assert_eq!(json["rows"].as_array().unwrap().len(), LIMIT);
        let stages = status(&run).unwrap().stages;
        let stage = stages.iter().find(|s| s.stage == Stage::Attack).unwrap();
        assert_eq!((stage.tasks, stage.done, stage.merges), (tasks, tasks, 1));
        assert!(stage.merged);
    }
}

#[test]
fn other_attacks_and_goals_have_them_too() {
    let smallest = AttackTerms {
        eps: vec![2.0, 8.0],
        at: vec![1],
        ..order("deepfool")
    };
    let win = AttackTerms {
        goal: Goal::Win,
        ..order("fgsm")
    };
    let captions = AttackTerms {
        sides: vec![Side::Text],
        ..order("square")
    };
    for order in [smallest, win, captions] {
        let (_place, run) = run();
        plan_attack(&run, order.clone(), Some(9), &Task::detached()).unwrap();
        attack(&run);
        let found = merge_attack(&run, &Task::detached()).unwrap();
        let title = order.settings.method.title();
        assert_eq!(
            figures(&found.report),
            figures(&alone(&order, 9)),
            "{title}"
        );
    }
}

#[test]
fn the_whole_set_has_the_figures_of_its_ranking() {
    let order = AttackTerms {
        eps: vec![2.0 / 255.0],
        at: vec![1],
        sides: vec![Side::Image],
        per_task: 120,
        ..order("fgsm")
    };
    let (_place, run) = run();
    plan_attack(&run, order.clone(), None, &Task::detached()).unwrap();
    attack(&run);
    let found = merge_attack(&run, &Task::detached()).unwrap();
    assert_eq!(figures(&found.report), figures(&alone(&order, IMAGES)));
}

#[test]
fn two_runs_of_a_task_write_equal_bytes() {
    let (place, run) = run();
    let (plan, hash) = plan_attack(&run, order("pgd"), Some(12), &Task::detached()).unwrap();
    let file = place.path().join("parts/attack/00001.json");
    let mut seen = Vec::new();
    // Alone, and after another task in the same process.
    for before in [&[][..], &[0]] {
        let engine = choose(Choice::Cpu).unwrap();
        let mut attacker = Attacker::new(&run, &plan, &hash, engine).unwrap();
        for &n in before.iter().chain(&[1]) {
            run.unmark("attack", n, &hash).unwrap();
            assert!(attacker.attack(n, &Task::detached()).unwrap());
        }
        seen.push(std::fs::read(&file).unwrap());
    }
    assert!(seen[0] == seen[1]);
}

#[test]
fn a_flipped_byte_is_found_named_and_redone() {
    let (place, run) = run();
    plan_attack(&run, order("fgsm"), Some(12), &Task::detached()).unwrap();
    attack(&run);
    let (plan, hash) = run.attack_plan().unwrap();
    let part = place.path().join("parts/attack/00001.json");
    let mut bytes = std::fs::read(&part).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let task = Task::detached();
    let error = merge_attack(&run, &task).unwrap_err();
    assert!(error.to_string().contains("00001"), "{error}");
    let broken = check(&run, Stage::Attack, &hash, 0..plan.tasks(), &task).unwrap();
    assert_eq!((broken.len(), broken[0].task), (1, 1));
    assert!(broken[0].why.contains("damaged"));
    let error = merge_attack(&run, &task).unwrap_err();
    assert!(error.remedy().contains("--task 1"), "{}", error.remedy());
    let mut attacker = Attacker::new(&run, &plan, &hash, choose(Choice::Cpu).unwrap()).unwrap();
    assert!(attacker.attack(1, &task).unwrap());
    merge_attack(&run, &task).unwrap();
}

#[test]
fn another_encoder_does_not_fit_the_plan() {
    let place = tempfile::tempdir().unwrap();
    let encoder = place.path().join("encoder");
    copy(&folder().join("encoder"), &encoder);
    let run = ranked(&place.path().join("run"), &encoder, &terms(1e6));
    // Not before the ranking is merged.
    let task = Task::detached();
    let error = plan_attack(&run, order("fgsm"), Some(4), &task).unwrap_err();
    assert!(error.to_string().contains("not merged"), "{error}");
    finish_ranking(&run, &task).unwrap();
    let (plan, hash) = plan_attack(&run, order("fgsm"), Some(4), &task).unwrap();
    let file = encoder.join("preprocessor_config.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let other = text.replacen("0.5", "0.25", 1);
    assert_ne!(text, other);
    std::fs::write(&file, other).unwrap();
    let mut attacker = Attacker::new(&run, &plan, &hash, choose(Choice::Cpu).unwrap()).unwrap();
    let error = attacker.attack(0, &task).unwrap_err();
    assert!(matches!(error, Error::Plan { .. }), "{error}");
    let error = attacker.attack(plan.tasks(), &task).unwrap_err();
    assert!(matches!(error, Error::Plan { .. }), "{error}");
}

#[test]
fn what_cannot_be_in_parts_is_refused_with_the_reason() {
    let (_place, run) = run();
    let task = Task::detached();
    let error = plan_attack(&run, order("universal"), None, &task).unwrap_err();
    assert!(error.to_string().contains("all pictures"), "{error}");
    // A set that is too large for a task is attacked among shortlists, which do not fit every goal.
    let few = AttackTerms {
        captions: TEXTS - 1,
        ..order("pgd")
    };
    let (plan, _) = plan_attack(&run, few.clone(), None, &task).unwrap();
    assert_eq!(plan.terms.shortlist, Some(TEXTS));
    for (terms, what) in [
        (
            AttackTerms {
                goal: Goal::Win,
                ..few.clone()
            },
            "need not win among all",
        ),
        (
            AttackTerms {
                shortlist: Some(5),
                ..few.clone()
            },
            "below rank 5",
        ),
        (
            AttackTerms {
                memory: 1 << 20,
                ..few
            },
            "shortlists of 8 pictures take",
        ),
    ] {
        let error = plan_attack(&run, terms, None, &task).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}
