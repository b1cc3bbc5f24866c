//! Captions, annotations, benchmarks and decisions as JSON and JSON lines. The first byte chooses the file's name, the
//! second the split that is asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::dataset::{Decisions, annotations, trials};
use nearmiss::task::Task;
use nearmiss_fuzz::{datasets, folder, parts, put, seeds, start};

/// What a caption file may be called; each is alone in the folder.
const NAMES: [&str; 9] = [
    "metadata.jsonl",
    "dataset_x.json",
    "captions_val.json",
    "any.json",
    "any.jsonl",
    "add_att.json",
    "visual_genome_relation.json",
    "test_texts.jsonl",
    "examples.jsonl",
];

fuzz_target!(
    init: { start(seeds::captions_json); seeds::pictures() },
    |data: &[u8]| {
        let [name, asked, rest @ ..] = data else { return };
        let name = NAMES[usize::from(*name) % NAMES.len()];
        for other in NAMES {
            put(other, None);
        }
        let [first, second] = parts(rest);
        let path = put(name, Some(first.unwrap_or_default()));
        let wanted = datasets::wanted(*asked);
        datasets::open(&path, &wanted);
        if asked & 8 > 0 {
            datasets::open(folder(), &wanted);
        }
        let task = Task::detached();
        if let Ok(Some(trials)) = trials::open_wanted(&path, &wanted, &task) {
            datasets::check(&trials.dataset);
            assert_eq!(trials.crops.len(), trials.dataset.images.len());
            for (image, crop) in trials.dataset.images.iter().zip(&trials.crops).take(4) {
                if let (Some(crop), Ok(picture)) = (crop, image.open()) {
                    let cut = trials::cropped(&picture, *crop);
                    assert_eq!(cut.rgb.len(), cut.width as usize * cut.height as usize * 3);
                }
            }
        }
        if asked & 16 > 0 {
            let path = put("eccv_caption_to_image_gt.json", Some(first.unwrap_or_default()));
            put("eccv_image_to_caption_gt.json", Some(second.unwrap_or(b"{}")));
            let _ = annotations::open(&path, &task);
            let _ = Decisions::open(&path);
        }
    }
);
