//! Small runs with names: scenes of the demo in two archives, embedded by the demo's encoder.

use nearmiss::compute::{Choice, Cpu, Measure};
use nearmiss::dataset::Wanted;
use nearmiss::encoder::EncoderOptions;
use nearmiss::parts::plan::{Coder, EmbedPlan, IMAGES, Pace};
use nearmiss::parts::stage::{Embedder, Terms, embed, plan_ranking, rank};
use nearmiss::parts::{Run, Stage};
use nearmiss::source::EncoderSource;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};

/// Names, captions and pictures of the scenes `from..to`.
pub fn scenes(from: usize, to: usize) -> Vec<(String, Vec<String>, Vec<u8>)> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let lines = std::fs::read_to_string(demo.join("metadata.jsonl")).expect("the demo");
    let mut scenes: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row");
        let words = |key: &str| row[key].as_str().expect("words").to_owned();
        let (name, text) = (words("file_name"), words("text"));
        match scenes.last_mut() {
            Some((last, captions)) if *last == name => captions.push(text),
            _ => scenes.push((name, vec![text])),
        }
    }
    let part = scenes.into_iter().skip(from).take(to - from);
    part.map(|(name, captions)| {
        let picture = std::fs::read(demo.join(&name)).expect("a scene");
        (name, captions, picture)
    })
    .collect()
}

/// Writes the scenes `from..to` as an archive.
pub fn tar(path: &Path, from: usize, to: usize) {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: String, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, name, content)
            .expect("added");
    };
    for (n, (_, captions, picture)) in scenes(from, to).into_iter().enumerate() {
        add(format!("{:04}.png", from + n), &picture);
        add(
            format!("{:04}.txt", from + n),
            captions.join("\n").as_bytes(),
        );
    }
    std::fs::write(path, builder.into_inner().expect("written")).expect("written");
}

/// A run in `folder`/run on two archives of `folder`/tars, planned for embedding.
pub fn planned(folder: &Path) -> Run {
    let tars = folder.join("tars");
    tars_in(&tars);
    planned_at(&tars.to_string_lossy(), &place(folder))
}

/// Two archives in `folder`.
pub fn tars_in(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    tar(&folder.join("00000.tar"), 0, 14);
    tar(&folder.join("00001.tar"), 14, 24);
}

/// A run at `place` on the archives at `data`, planned for embedding.
pub fn planned_at(data: &str, place: &str) -> Run {
    planned_in(data, place, IMAGES)
}

/// As [`planned_at`], with tasks of about so many images.
pub fn planned_in(data: &str, place: &str, images: usize) -> Run {
    let run = Run::open(place).expect("a run");
    let (task, options) = (Task::detached(), EncoderOptions::default());
    let encoder = EncoderSource::Demo
        .open(&options, &task)
        .expect("the demo's encoder");
    let coder = Coder {
        hash: encoder.fingerprint(&task).expect("a hash"),
        source: EncoderSource::Demo,
        options,
        remote: None,
    };
    let plan = EmbedPlan::of_dataset(
        data.to_owned(),
        Wanted::default(),
        coder,
        Measure::Cosine,
        images,
        &task,
    );
    run.write_plan(Stage::Embed, &plan.expect("planned"))
        .expect("written");
    run
}

/// Where the run of `folder` lies.
pub fn place(folder: &Path) -> String {
    let place: PathBuf = folder.join("run");
    place.to_string_lossy().into_owned()
}

/// Embeds these shards.
pub fn embedded(run: &Run, shards: &[usize]) {
    let (plan, hash) = run.embed_plan().expect("planned");
    let mut embedder = Embedder::new(&plan, None).expect("an embedder");
    for &n in shards {
        embed(run, &mut embedder, &hash, n, &Task::detached()).expect("embedded");
    }
}

/// How the ranking is cut and what is drawn.
pub fn terms(sample: Option<(usize, u64)>) -> Terms {
    Terms {
        k: 5,
        margin: 0.2,
        compute: Choice::Cpu,
        sample,
        pace: Pace {
            memory: 8 << 30,
            pairs: 400.0,
        },
    }
}

/// Plans the ranking and does all of its tasks.
pub fn ranked(run: &Run, sample: Option<(usize, u64)>) {
    let task = Task::detached();
    let (plan, hash) = plan_ranking(run, &terms(sample), &task).expect("planned");
    for n in 0..plan.tasks() {
        rank(run, &plan, &hash, n, &Cpu, &task).expect("ranked");
    }
}

/// A run of which all is done but the merge.
pub fn whole(folder: &Path, sample: Option<(usize, u64)>) -> Run {
    let run = planned(folder);
    embedded(&run, &[0, 1]);
    ranked(&run, sample);
    run
}
