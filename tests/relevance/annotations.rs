//! ECCV Caption and Crisscrossed Captions: files in their published layout, matched to a dataset's rows.

use crate::compare::command::{json, nearmiss};
use nearmiss::compute::{Cpu, Embeddings};
use nearmiss::dataset::annotations::{self, Ids};
use nearmiss::dataset::{self, Dataset};
use nearmiss::retrieval::relevance::Annotated;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

const PICTURES: [&str; 3] = [
    "COCO_val2014_000000000011.jpg",
    "COCO_val2014_000000000022.jpg",
    "COCO_val2014_000000000033.jpg",
];

/// Three pictures; the captions of the second read the same, one caption is empty and is skipped.
fn coco(folder: &Folder) -> PathBuf {
    for name in PICTURES {
        folder.write(name, "");
    }
    let images: Vec<String> = PICTURES
        .iter()
        .zip([11, 22, 33])
        .map(|(name, id)| format!(r#"{{"id": {id}, "file_name": "{name}"}}"#))
        .collect();
    let captions = [
        (901, 22, "A dog runs."),
        (902, 11, "Two cats. "),
        (903, 22, "A dog runs."),
        (904, 33, ""),
        (905, 33, "A red bus"),
        (906, 11, "Cats sleep"),
    ]
    .map(|(id, image, text)| {
        format!(r#"{{"id": {id}, "image_id": {image}, "caption": "{text}"}}"#)
    });
    let text = format!(
        r#"{{"images": [{}], "annotations": [{}]}}"#,
        images.join(","),
        captions.join(",")
    );
    folder.write("captions_val2014.json", &text)
}

fn open(path: &Path) -> Dataset {
    dataset::open(path, &Task::detached()).unwrap()
}

fn ids(dataset: &Dataset, path: &Path) -> Ids {
    Ids::of(dataset, path, &Task::detached()).unwrap()
}

fn eccv(folder: &Folder) {
    folder.write(
        "eccv_caption_to_image.json",
        r#"{"902": [11, 33, 77], "555": [11]}"#,
    );
    folder.write(
        "eccv_image_to_caption.json",
        r#"{"22": [901, 903, 906], "44": [902], "33": [555]}"#,
    );
}

#[test]
fn captions_are_matched_by_picture_and_text() {
    let folder = Folder::new();
    let file = coco(&folder);
    let dataset = open(&file);
    assert_eq!(
        dataset.captions,
        [
            "Two cats.",
            "Cats sleep",
            "A dog runs.",
            "A dog runs.",
            "A red bus"
        ]
    );
    let want = Ids {
        images: vec![Some(11), Some(22), Some(33)],
        captions: [902, 906, 901, 903, 905].map(Some).to_vec(),
    };
    assert_eq!(ids(&dataset, &file), want);
    // Opened by its folder, with another JSON file beside it.
    folder.write("a.json", "[1, 2]");
    assert_eq!(ids(&dataset, folder.path()), want);
}

#[test]
fn karpathy_s_ids_are_coco_s() {
    let folder = Folder::new();
    folder.write(PICTURES[0], "");
    let file = folder.write(
        "dataset_coco.json",
        &format!(
            r#"{{"images": [{{"filename": "{}", "filepath": "val2014", "cocoid": 11, "split": "test", "sentids": [7, 8],
            "sentences": [{{"raw": "One. ", "tokens": ["one"], "sentid": 7}}, {{"tokens": ["two", "dogs"], "sentid": 8}}]}}]}}"#,
            PICTURES[0]
        ),
    );
    let dataset = open(&file);
    let found = ids(&dataset, &file);
    assert_eq!(
        (found.images, found.captions),
        (vec![Some(11)], vec![Some(7), Some(8)])
    );
}

#[test]
fn a_dataset_without_ids_says_which_to_open() {
    let folder = Folder::new();
    folder.write("000000000011.jpg", "");
    let file = folder.write("captions.csv", "image,caption\n000000000011.jpg,A cat\n");
    let dataset = open(&file);
    let error = Ids::of(&dataset, &file, &Task::detached()).unwrap_err();
    assert!(
        error.remedy().contains("captions_val2014.json"),
        "{}",
        error.remedy()
    );
}

#[test]
fn eccv_s_two_files_become_rows_and_what_is_missing_is_counted() {
    let folder = Folder::new();
    let file = coco(&folder);
    let dataset = open(&file);
    eccv(&folder);
    let task = Task::detached();
    for path in [
        folder.path().to_path_buf(),
        folder.path().join("eccv_caption_to_image.json"),
    ] {
        let found = annotations::open(&path, &task).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "eccv");
        let all = Annotated::new(&found[0], &ids(&dataset, &file));
        assert_eq!(all.relevance.i2t.queries(), [1]);
        assert_eq!(all.relevance.i2t.of(1), [1, 2, 3]);
        assert_eq!(all.relevance.t2i.of(0), [0, 2]);
        // Image 44 and caption 555 are not here, nor is the one right caption of image 33.
        assert_eq!((all.missing_queries, all.missing_positives), (3, 2));
    }
}

const SITS: &str = "caption,image,agg_score,sampling_method\n\
    COCO_val2014:sentid:901,COCO_val2014_000000000022.jpg,5.0,c2i_original\n\
    COCO_val2014:sentid:902,COCO_val2014_000000000011.jpg,2.99,c2i_original\n\
    COCO_val2014:sentid:902,COCO_val2014_000000000033.jpg,3.0,c2i_intrasim\n\
    COCO_val2014:sentid:905,COCO_val2014_000000000033.jpg,4.2,c2i_original\n\
    COCO_val2014:sentid:905,COCO_val2014_000000000033.jpg,4.4,c2i_intrasim\n\
    COCO_val2014:sentid:906,picture.jpg,4.2,c2i_original\n\
    COCO_val2014:sentid:906,COCO_val2014_000000000011.jpg,high,c2i_original\n";

#[test]
fn crisscrossed_pairs_count_from_a_score_of_three() {
    let folder = Folder::new();
    let file = coco(&folder);
    let dataset = open(&file);
    folder.write("cxc/sits_test.csv", SITS);
    folder.write("cxc/sits_test_raw.csv", "not,read\n");
    let found = annotations::open(&folder.path().join("cxc"), &Task::detached()).unwrap();
    assert_eq!(found[0].name, "cxc");
    let problems: Vec<_> = found[0].problems.iter().map(|p| p.place.as_str()).collect();
    assert_eq!(problems, ["sits_test.csv, line 7", "sits_test.csv, line 8"]);
    let all = Annotated::new(&found[0], &ids(&dataset, &file));
    assert_eq!(all.relevance.t2i.queries(), [0, 2, 4]);
    assert_eq!(all.relevance.t2i.of(0), [2]);
    assert_eq!(all.relevance.i2t.of(2), [0, 4]);
    assert_eq!(all.relevance.i2t.of(0), [0_u32; 0]);
}

#[test]
fn ratings_are_correlated_with_similarity() {
    let folder = Folder::new();
    let file = coco(&folder);
    let dataset = open(&file);
    folder.write(
        "sis_test.csv",
        "image1,image2,agg_score,sampling_method\n\
         COCO_val2014_000000000011.jpg,COCO_val2014_000000000022.jpg,1.0,i2i_csim\n\
         COCO_val2014_000000000011.jpg,COCO_val2014_000000000033.jpg,4.0,i2i_csim\n\
         COCO_val2014_000000000022.jpg,COCO_val2014_000000000033.jpg,2.0,i2i_csim\n",
    );
    let found = annotations::open(folder.path(), &Task::detached()).unwrap();
    let images = Embeddings::new(vec![1.0, 0.0, 0.0, 1.0, 0.9, 0.1], 2).unwrap();
    let texts = Embeddings::new(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 0.3, 1.0], 2).unwrap();
    let of = ids(&dataset, &file);
    let report =
        Annotated::report(&found[0], &of, &Cpu, &images, &texts, &Task::detached()).unwrap();
    // Cosines 0, 0.994 and 0.11 are in the order of 1, 4 and 2.
    let sis = report.correlation["sis"];
    assert!(sis.pairs == 3 && (sis.spearman - 1.0).abs() < 1e-12);
    assert_eq!(report.correlation.len(), 1);
    assert_eq!(report.metrics.i2t.queries, 0);
}

#[test]
fn what_is_no_annotation_is_refused_by_name() {
    let folder = Folder::new();
    let task = Task::detached();
    let refused = |path: &Path| annotations::open(path, &task).unwrap_err();
    assert!(refused(folder.path()).remedy().contains("sits_test.csv"));
    let alone = folder.write("eccv_image_to_caption.json", "{}");
    assert!(
        refused(&alone)
            .to_string()
            .contains("eccv_caption_to_image.json: is missing")
    );
    folder.write("eccv_caption_to_image.json", r#"{"a": [1]}"#);
    assert!(refused(&alone).to_string().contains("is not a map"));
    let table = folder.write("t/sits_val.csv", "caption,image,score\na,b,1\n");
    assert!(refused(&table).to_string().contains("agg_score"));
    let empty = folder.write(
        "e/sts_val.csv",
        "caption1,caption2,agg_score,sampling_method\n",
    );
    assert!(refused(&empty).to_string().contains("no rated pair"));
}

#[test]
fn eval_prints_a_key_for_each_set_of_annotations() {
    let folder = Folder::new();
    let file = coco(&folder);
    eccv(&folder);
    folder.write("sits_test.csv", SITS);
    let rows = |name: &str, values: &[f32]| {
        let path = folder.path().join(name);
        dataset::npy::write_array(&path, values, &[values.len() / 2, 2]).unwrap();
        path
    };
    let images = rows("i.npy", &[1.0, 0.0, 0.0, 1.0, -1.0, 0.2]);
    let texts = rows(
        "t.npy",
        &[-1.0, 0.3, 1.0, 0.1, 0.1, 1.0, 0.0, 1.0, -1.0, 0.0],
    );
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let arguments = [
        "eval".into(),
        "--dataset".into(),
        text(&file),
        "--image-embeds".into(),
        text(&images),
        "--text-embeds".into(),
        text(&texts),
        "--relevance".into(),
        text(folder.path()),
        "--json".into(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let found = json(&arguments);
    assert_eq!(found["images"], 3);
    for name in ["eccv", "cxc"] {
        for way in ["i2t", "t2i"] {
            for key in ["r_precision", "map_at_r", "r1", "queries"] {
                assert!(found[name][way][key].is_number(), "{name} {way} {key}");
            }
        }
    }
    // Image 22 (0, 1): captions 3, 2 and then 0, of which 1, 2 and 3 are right: 2 of 3, precisions 1 and 1.
    let eccv = &found["eccv"]["i2t"];
    assert_eq!(eccv["queries"], 1);
    assert!((eccv["r_precision"].as_f64().unwrap() - 200.0 / 3.0).abs() < 1e-9);
    assert!((eccv["map_at_r"].as_f64().unwrap() - 200.0 / 3.0).abs() < 1e-9);
    assert_eq!(found["eccv"]["missing_queries"], 3);
    let plain = nearmiss(&arguments[..arguments.len() - 1]);
    assert!(String::from_utf8_lossy(&plain.stdout).contains("eccv"));
    let wrong = nearmiss(&[
        "eval",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--relevance",
        "/nowhere",
    ]);
    assert_eq!(wrong.status.code(), Some(1));
}
