//! Real embeddings against NumPy, whose results `tests/fixtures/mine.py` stored.

use super::{Set, triples};
use nearmiss::compute::{Choice, Cpu, Embedded, Engine, Groups, choose};
use nearmiss::dataset;
use nearmiss::retrieval::mine::{Distinct, Measured, MineOptions, Sampling};
use nearmiss::retrieval::{Bounds, PairSet, Side, Wording, read_embeddings};
use nearmiss::task::Task;
use serde_json::Value;
use std::path::PathBuf;

fn set() -> Set {
    let material = PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL"));
    let task = Task::detached();
    let captions = material.join("flickr8k-test/captions.token.txt");
    let dataset = dataset::open(&captions, &task).expect("opened");
    let vectors = |name: &str| {
        read_embeddings(&material.join("encoders/flickr8k-cca").join(name)).expect("read")
    };
    Set {
        embedded: Embedded::new(
            vectors("reference_image_embeds.npy"),
            vectors("reference_text_embeds.npy"),
            Groups::new(dataset.offsets.clone()).expect("groups"),
        )
        .expect("sizes that fit"),
        wording: Some(Wording::new(&dataset.captions, &task).expect("read")),
        confirmed: PairSet::new(),
        rejected: PairSet::new(),
    }
}

fn reference() -> Value {
    serde_json::from_str(include_str!("../fixtures/mine.json")).expect("the stored results")
}

fn options(stored: &Value) -> MineOptions {
    let number = |key: &str| stored[key].as_f64().map(|v| v as f32);
    let count = |key: &str| stored[key].as_u64().map(|v| v as usize);
    MineOptions {
        k: count("k").expect("k"),
        measured: match stored["measured"].as_str() {
            Some("lowest") => Measured::Lowest,
            Some("each") => Measured::Each,
            _ => Measured::Best,
        },
        range_min: count("range_min").unwrap_or(0),
        range_max: count("range_max"),
        min_score: number("min_score"),
        max_score: number("max_score"),
        absolute_margin: number("absolute_margin"),
        relative_margin: number("relative_margin"),
        margin_below: number("margin_below"),
        semi_hard: number("semi_hard"),
        sampling: stored["seed"]
            .as_u64()
            .map_or(Sampling::Top, |seed| Sampling::Random { seed }),
        distinct: match &stored["distinct"] {
            Value::String(all) if all == "all" => Distinct::All,
            Value::Number(part) => Distinct::Near(part.as_f64().expect("a part") as f32),
            _ => Distinct::Equal,
        },
        most_uses: count("most_uses"),
        drop_doubtful: stored["drop_doubtful"].as_bool().unwrap_or(false),
    }
}

fn checksum(rows: &[[u32; 3]]) -> String {
    let step = 1_000_003_u64;
    let sum = rows.iter().fold(0_u64, |sum, row| {
        let [q, p, c] = row.map(u64::from);
        sum.wrapping_mul(0x100_0000_01B3)
            .wrapping_add(q.wrapping_mul(step * step))
            .wrapping_add(p * step + c)
    });
    sum.to_string()
}

fn check(engine: &dyn Engine) {
    let (set, reference) = (set(), reference());
    for case in reference["cases"].as_array().expect("cases") {
        let options = options(&case["options"]);
        let side = match case["side"].as_str() {
            Some("image") => Side::Image,
            _ => Side::Text,
        };
        let mined = set.mine(engine, side, &options, options.first_look());
        let rows = triples(&mined);
        let head: Vec<[u32; 3]> = serde_json::from_value(case["head"].clone()).expect("rows");
        let name = format!("{}: {} {}", engine.name(), case["side"], case["options"]);
        assert_eq!(&rows[..head.len().min(rows.len())], head, "{name}");
        assert_eq!(
            rows.len() as u64,
            case["count"].as_u64().expect("count"),
            "{name}"
        );
        assert_eq!(
            Some(checksum(&rows).as_str()),
            case["checksum"].as_str(),
            "{name}"
        );
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn every_filter_agrees_with_numpy() {
    check(&Cpu);
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn every_filter_agrees_with_numpy_on_the_gpu() {
    check(&*choose(Choice::Gpu).expect("a Vulkan adapter"));
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn quantiles_agree_with_numpy() {
    let (set, reference) = (set(), reference());
    let bounds = Bounds::learn(&set.corpus(), &Task::detached()).expect("learned");
    for pair in reference["quantiles"].as_array().expect("quantiles") {
        let [cosine, stored] = [0, 1].map(|n| pair[n].as_f64().expect("a number"));
        let quantile = bounds.quantile_of(cosine as f32).expect("many captions");
        // Where cosines are equal to the last bit a rounding may put one on either side.
        assert!(
            (f64::from(quantile) - stored).abs() < 2e-4,
            "{cosine}: {quantile} {stored}"
        );
    }
}
