//! Captions as tables and lines. The first byte chooses the file's name, the second the split that is asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::dataset::annotations;
use nearmiss::task::Task;
use nearmiss_fuzz::{datasets, folder, parts, put, seeds, start};

/// What a caption file may be called, with what lies beside it.
const NAMES: [(&str, &str); 10] = [
    ("captions.txt", ""),
    ("captions.csv", ""),
    ("captions.tsv", ""),
    ("metadata.csv", ""),
    ("results.csv", ""),
    ("x.token.txt", ""),
    ("test_imgs.tsv", "test_texts.jsonl"),
    ("test_image_names.txt", "test_1kcaptions_en.txt"),
    ("a.txt", "b.txt"),
    ("sits_val.csv", ""),
];

fuzz_target!(
    init: { start(seeds::captions_csv); seeds::pictures() },
    |data: &[u8]| {
        let [name, asked, rest @ ..] = data else { return };
        let (name, beside) = NAMES[usize::from(*name) % NAMES.len()];
        for (other, beside) in NAMES {
            put(other, None);
            if !beside.is_empty() {
                put(beside, None);
            }
        }
        let [first, second] = parts(rest);
        let path = put(name, Some(first.unwrap_or_default()));
        if !beside.is_empty() {
            put(beside, Some(second.unwrap_or_default()));
        }
        let wanted = datasets::wanted(*asked);
        datasets::open(&path, &wanted);
        if asked & 8 > 0 || !beside.is_empty() {
            datasets::open(folder(), &wanted);
        }
        if name.starts_with("sits") {
            let _ = annotations::open(&path, &Task::detached());
        }
    }
);
