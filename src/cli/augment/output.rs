//! What `augment` writes and prints.

use crate::augment::{Answer, Change, Course, Study, WaysAnswer, magnitude, signed};
use crate::error::{Result, thousands};
use crate::files::{replace, write_json};
use crate::learn::Band;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// What is printed, and kept as augment.json.
#[derive(Serialize)]
pub struct Printed {
    /// The figures.
    #[serde(flatten)]
    pub answer: Answer,
    /// What was written.
    pub out: Option<Written>,
}

/// What was written.
#[derive(Serialize)]
pub struct Written {
    /// The folder.
    pub folder: String,
    /// The averaged embedding as an encoder.
    pub encoder: Option<String>,
    /// The largest difference between values of its embeddings and those of the layer.
    pub deviation: Option<f32>,
    /// Why there is no encoder.
    pub note: Option<String>,
}

/// Writes augment.json and history.csv to `out`.
///
/// # Errors
/// A file cannot be written.
pub fn write(out: &Path, printed: &Printed) -> Result<()> {
    write_json(&out.join("augment.json"), printed)?;
    let table = printed.answer.history_table();
    let path = out.join("history.csv");
    replace(&path, |file| file.write_all(table.as_bytes()))
}

/// The answer as text.
pub fn describe(study: &Study, printed: &Printed) -> String {
    let answer = &printed.answer;
    let [train, held, judged] = answer.parts;
    // Writing to a string does not fail.
    let mut text = format!(
        "{} images in thirds: {train} for the read-out, {held} held out to learn from, {judged} that neither saw\n{}\n\n",
        thousands(answer.images as u64),
        answer.says
    );
    let _ = writeln!(
        text,
        "{:<14}{:>10}{:>20}{:>20}  {:<13}unit",
        "Change", "start", "end", "growth", ""
    );
    for change in Change::ALL {
        let course = study.course(change);
        if course == Course::LeftOut {
            let _ = writeln!(text, "{:<14}{:>10}", change.title(), "left out");
            continue;
        }
        let told = |band: Option<Band>| band.map_or_else(String::new, magnitude);
        let _ = writeln!(
            text,
            "{:<14}{:>10.3}{:>20}{:>20}  {:<13}{}",
            change.title(),
            study.start.get(change),
            told(study.end(change)),
            told(study.growth(change)),
            course.title(),
            change.unit()
        );
    }
    let _ = writeln!(
        text,
        "\n{:<28}{:>13}{:>13}{:>13}{:>13}{:>13}{:>13}{:>13}",
        "Recall, %", "i2t R@1", "R@5", "R@10", "t2i R@1", "R@5", "R@10", "mean"
    );
    let recall = &answer.recall;
    let rows = [
        ("Plain", &recall.plain),
        ("Averaged", &recall.averaged),
        ("Plain, read out", &recall.plain_read_out),
        ("Averaged, read out", &recall.averaged_read_out),
    ];
    for (title, ways) in rows {
        row(&mut text, title, ways.as_ref());
    }
    for (read_out, words) in [(false, "as it is"), (true, "read out")] {
        if let Some(gain) = study.gain(read_out) {
            let _ = writeln!(
                text,
                "Averaged less plain, {words}: {} points in the mean",
                signed(gain)
            );
        }
    }
    text.push('\n');
    for note in &answer.notes {
        let _ = writeln!(text, "{note}");
    }
    let _ = writeln!(
        text,
        "{} steps of each seed, {:.1} s in all",
        thousands(answer.steps as u64),
        answer.seconds
    );
    if let Some(written) = &printed.out {
        let _ = writeln!(text, "Written to {}", written.folder);
        if let Some((encoder, off)) = written.encoder.as_ref().zip(written.deviation) {
            let _ = writeln!(
                text,
                "The averaged embedding is the encoder {encoder} (at most {off:.1e} from the layer's own mean); its magnitudes are the \
                 means over seeds, so that no image here was unseen by all of it"
            );
        }
        if let Some(note) = &written.note {
            let _ = writeln!(text, "{note}");
        }
    }
    text
}

fn row(text: &mut String, title: &str, ways: Option<&WaysAnswer>) {
    let Some(ways) = ways else { return };
    let _ = write!(text, "{title:<28}");
    let all = ways.i2t.iter().chain(&ways.t2i);
    for share in all.chain([&ways.mean]) {
        let band = Band {
            mean: share.mean,
            half: share.half_width,
        };
        let _ = write!(text, "{:>13}", band.told());
    }
    text.push('\n');
}
