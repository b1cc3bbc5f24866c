//! Stopped at each write and rename: the old files or the new ones, never some of each.

use super::{Scratch, png, rows};
use nearmiss::dataset::{self, export};
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::task::Task;
use std::path::{Path, PathBuf};

/// More points than any of these commands has.
const POINTS: usize = 200;

/// Everything in a folder and below, by name, without scratch.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(".nearmiss-")
            {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            } else {
                all.push((entry.path(), std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    all.sort();
    all
}

/// Runs a command again and again, stopped at its first point, its second and so on, until it ends by itself; `before`
/// makes the state that it starts from, `after` looks at what a stop left.
fn at_each_point(
    scratch: &Scratch,
    arguments: &[&str],
    before: impl Fn(),
    after: impl Fn(usize),
) -> usize {
    for point in 1..POINTS {
        before();
        let output = scratch
            .nearmiss(arguments)
            .env("NEARMISS_STOP_AT_WRITE", point.to_string())
            .output()
            .unwrap();
        if output.status.success() {
            return point - 1;
        }
        let said = super::said(&output);
        assert!(said.contains("stopped before"), "{said}");
        after(point);
    }
    panic!("it has more than {POINTS} points");
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

#[test]
fn embeddings_are_of_one_run_or_refused() {
    let scratch = Scratch::new();
    for (part, images) in [("old-set", "0,1,2"), ("new-set", "3,4,5")] {
        scratch.run(["convert", "demo", part, "--images", images]);
    }
    let embed = |set: &str, out: &str| {
        scratch.run(["embed", "--encoder", "demo", "--dataset", set, "--out", out]);
    };
    embed("old-set", "old");
    embed("new-set", "new");
    let (out, old, new) = (
        scratch.path("out"),
        scratch.path("old"),
        scratch.path("new"),
    );
    let eval =
        "eval --image-embeds out/image_embeds.npy --text-embeds out/text_embeds.npy --compute cpu";
    let state = |folder: &Path| -> Vec<Vec<u8>> {
        let names = ["image_embeds.npy", "text_embeds.npy"];
        names
            .map(|name| std::fs::read(folder.join(name)).unwrap())
            .into()
    };
    let again = "embed --encoder demo --dataset new-set --out out";
    let (was, is) = (state(&old), state(&new));
    // A folder that is exchanged as a whole.
    let points = at_each_point(
        &scratch,
        &words(again),
        || copy(&old, &out),
        |point| {
            let found = state(&out);
            assert!(found == was || found == is, "point {point}");
            assert!(
                scratch
                    .nearmiss(words(eval))
                    .output()
                    .unwrap()
                    .status
                    .success()
            );
        },
    );
    assert!(points >= 10, "{points}");
    assert_eq!(state(&out), is);
    // One with other files in it, where they go one by one: a set of both is refused.
    let among = || {
        copy(&old, &out);
        std::fs::write(out.join("mine.txt"), "kept").unwrap();
    };
    let mixed = std::cell::Cell::new(0);
    at_each_point(&scratch, &words(again), among, |point| {
        let found = state(&out);
        let order = std::fs::read(out.join("order.json")).unwrap();
        let whole = [(&was, &old), (&is, &new)].iter().any(|(state, folder)| {
            found == **state && order == std::fs::read(folder.join("order.json")).unwrap()
        });
        let output = scratch.nearmiss(words(eval)).output().unwrap();
        assert_eq!(
            output.status.success(),
            whole,
            "point {point}: {}",
            super::said(&output)
        );
        if !whole {
            mixed.set(mixed.get() + 1);
            assert!(
                super::said(&output).contains("order.json"),
                "{}",
                super::said(&output)
            );
        }
    });
    assert!(mixed.get() > 0 && out.join("mine.txt").is_file());
}

#[test]
fn one_file_is_the_old_or_the_new() {
    let scratch = Scratch::new();
    rows(&scratch.path("i.npy"), 4, 1);
    rows(&scratch.path("t.npy"), 8, 2);
    scratch.run(["convert", "demo", "few", "--images", "0,1,2,3"]);
    scratch.run(["convert", "demo", "captions.csv", "--images", "0"]);
    let vectors = "--image-embeds i.npy --text-embeds t.npy --compute cpu";
    for (file, command) in [
        (
            "a.jsonl",
            format!("mine --captions-per-image 2 {vectors} --out a.jsonl"),
        ),
        ("b.csv", "convert few b.csv".into()),
        ("c.tar", "convert few c.tar".into()),
        ("d.parquet", "convert few d.parquet".into()),
        ("e.npy", "convert i.npy e.npy".into()),
    ] {
        let path = scratch.path(file);
        let old = || std::fs::write(&path, "old").unwrap();
        scratch.run(words(&command));
        let new = std::fs::read(&path).unwrap();
        let points = at_each_point(&scratch, &words(&command), old, |point| {
            let found = std::fs::read(&path).unwrap();
            assert!(found == b"old" || found == new, "{file}, point {point}");
        });
        assert!(points >= 3, "{file}: {points}");
    }
}

#[test]
fn a_folder_of_pictures_is_whole_or_not_there() {
    let scratch = Scratch::new();
    scratch.run(["convert", "demo", "few", "--images", "0,1,2,3"]);
    let (first, out) = (scratch.path("first"), scratch.path("out"));
    scratch.run(["convert", "few", "first"]);
    let whole = content(&first).len();
    let gone = || drop(std::fs::remove_dir_all(&out));
    let points = at_each_point(&scratch, &words("convert few out"), gone, |point| {
        let found = content(&out).len();
        assert!(found == 0 || found == whole, "point {point}: {found} files");
    });
    assert!(points >= 6, "{points}");
}

#[test]
fn a_report_and_an_attack_leave_only_whole_files() {
    let scratch = Scratch::new();
    scratch.run(["convert", "demo", "few", "--images", "0,1"]);
    let page = scratch.path("page.html");
    let report = "report --dataset few --encoder demo --out page.html --compute cpu";
    scratch.run(words(report));
    let length = std::fs::metadata(&page).unwrap().len();
    at_each_point(
        &scratch,
        &words(report),
        || std::fs::write(&page, "old").unwrap(),
        |point| {
            let found = std::fs::read_to_string(&page).unwrap();
            // The new one tells the time; its length may differ by a digit.
            let is_new = found.len() as u64 + 64 > length && found.trim_end().ends_with("</html>");
            assert!(found == "old" || is_new, "point {point}");
        },
    );
    // What a stopped attack leaves is whole, and it goes on from there to the end.
    let attack = "attack pairs --dataset few --encoder demo --attack fgsm --save saved --json";
    let saved = scratch.path("saved");
    at_each_point(
        &scratch,
        &words(attack),
        || drop(std::fs::remove_dir_all(&saved)),
        |point| {
            for (path, bytes) in content(&saved) {
                let good = match path.extension().and_then(|e| e.to_str()) {
                    Some("png") => image::load_from_memory(&bytes).is_ok(),
                    Some("npy") => nearmiss::dataset::npy::read_array(&path).is_ok(),
                    _ => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
                };
                assert!(good, "point {point}: {}", path.display());
            }
            // To the end from some of the stops: each is a whole run.
            if !point.is_multiple_of(7) {
                return;
            }
            scratch.run(words(attack));
            assert!(saved.join("report.json").is_file());
        },
    );
}

/// A tar archive of three pictures with captions.
fn archive(scratch: &Scratch) -> PathBuf {
    for name in ["a", "b", "c"] {
        png(&scratch.path(format!("set/{name}.png")), 7);
        std::fs::write(scratch.path(format!("set/{name}.txt")), "words").unwrap();
    }
    let opened = dataset::open(&scratch.path("set"), &Task::detached()).unwrap();
    let out = scratch.path("t.tar");
    export::write(
        &opened,
        &[0, 1, 2],
        &out,
        export::Format::WebDataset,
        &Task::detached(),
    )
    .unwrap();
    out
}

#[test]
fn an_archive_that_goes_away_ends_the_work() {
    let scratch = Scratch::new();
    let task = Task::detached();
    let demo = dataset::demo::unpack(scratch.0.path()).unwrap();
    let files = EncoderFiles::open(&demo.join("encoder")).unwrap();
    let encoder = Encoder::open(&files, &EncoderOptions::default(), &task).unwrap();
    let parquet = scratch.path("t.parquet");
    for (what, spoil) in [
        (
            "gone",
            (|path| std::fs::remove_file(path).unwrap()) as fn(&Path),
        ),
        ("shorter", |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(600).unwrap();
        }),
        ("longer", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes.extend([0; 512]);
            std::fs::write(path, bytes).unwrap();
        }),
        ("replaced", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, bytes).unwrap();
        }),
    ] {
        let tar = archive(&scratch);
        let whole = dataset::open(&tar, &task).unwrap();
        export::write(&whole, &[0, 1, 2], &parquet, export::Format::Parquet, &task).unwrap();
        for path in [&tar, &parquet] {
            let opened = dataset::open(path, &task).unwrap();
            assert_eq!(opened.images.len(), 3);
            spoil(path);
            let error = encoder.embed_dataset(&opened, None, &task).unwrap_err();
            assert!(
                error.ends_all() && error.to_string().contains(what),
                "{error}"
            );
            let out = scratch.path("out");
            let format = export::Format::ImageFolder;
            let error = export::write(&opened, &[0, 1, 2], &out, format, &task).unwrap_err();
            assert!(error.ends_all() && !out.exists(), "{error}");
        }
    }
}
