//! What lies beside a model and says how pictures and captions are prepared, and an encoder opened with it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::dataset::Picture;
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions, Preprocess};
use nearmiss::task::Task;
use nearmiss_fuzz::{folder, parts, put, seeds, start};

const FILES: [&str; 9] = [
    "preprocessor_config.json",
    "processor_config.json",
    "open_clip_config.json",
    "preprocess_cfg.json",
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "modules.json",
    "1_Pooling/config.json",
];

fuzz_target!(
    init: { start(seeds::preprocessor); seeds::encoder() },
    |data: &[u8]| {
        let files: [_; 9] = parts(data);
        for (name, bytes) in FILES.into_iter().zip(files) {
            put(name, bytes);
        }
        let picture = Picture {
            width: 5,
            height: 7,
            rgb: (0..105).map(|i| i * 2).collect(),
        };
        let mut known = false;
        for (name, _) in FILES.into_iter().zip(files).take(4).filter(|(_, bytes)| bytes.is_some()) {
            let Ok(preprocess) = Preprocess::open(&folder().join(name)) else { continue };
            known = true;
            let _ = preprocess.fingerprint();
            let Ok(values) = preprocess.apply(&picture) else { continue };
            assert!(values.iter().all(|v| v.is_finite()), "{preprocess:?}");
            if let Some((width, height)) = preprocess.output_size() {
                assert_eq!(values.len(), preprocess.channels * width as usize * height as usize);
            }
            assert_eq!(preprocess.apply(&picture).expect("what could be prepared once"), values);
            let _ = preprocess.linear(7, 5);
        }
        if known && let Ok(files) = EncoderFiles::open(folder()) {
            let encoder = Encoder::open(&files, &EncoderOptions::default(), &Task::detached());
            if let Ok(encoder) = encoder {
                let _ = encoder.describe();
            }
        }
    }
);
