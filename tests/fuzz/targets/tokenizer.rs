//! Tokenizers: `tokenizer.json`, or a vocabulary, with what lies beside; then texts through them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nearmiss::encoder::Tokenizer;
use nearmiss_fuzz::{parts, put, seeds, start};

const FILES: [&str; 7] = [
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "config.json",
];
const TEXTS: [&str; 4] = [
    "",
    "a red dog, it's 12!",
    "Ünï 漢字 \u{202e}\u{0301}😀",
    "<|endoftext|> [CLS] <pad>",
];

fuzz_target!(
    init: start(seeds::tokenizer),
    |data: &[u8]| {
        let [length, rest @ ..] = data else { return };
        let files: [_; 8] = parts(rest);
        for (name, bytes) in FILES.into_iter().zip(files) {
            put(name, bytes);
        }
        let own = files[7].map(String::from_utf8_lossy);
        let length = (*length > 0).then_some(usize::from(*length));
        let Some(at) = files[..3].iter().position(Option::is_some) else { return };
        let path = put(FILES[at], files[at]);
        let Ok(tokenizer) = Tokenizer::open(&path, length) else { return };
        let own = own.as_deref();
        let texts: Vec<&str> = TEXTS.into_iter().chain(own).collect();
        let _ = (tokenizer.words(), tokenizer.word_ids(&["dog", "a"]));
        for text in &texts {
            for span in tokenizer.spans(text).into_iter().flatten().flatten() {
                assert!(text.get(span).is_some());
            }
        }
        let Ok(tokens) = tokenizer.encode(&texts) else { return };
        assert_eq!(tokens.rows, texts.len());
        assert_eq!(tokens.ids.len(), tokens.rows * tokens.cols);
        assert_eq!(tokens.mask.len(), tokens.ids.len());
        if let Some(fixed) = tokenizer.fixed_length() {
            assert_eq!(tokens.cols, fixed);
        } else if let Some(limit) = tokenizer.limit() {
            assert!(tokens.cols <= limit);
        }
        assert_eq!(tokenizer.encode(&texts).expect("what could be encoded once"), tokens);
        assert_eq!(Tokenizer::open(&path, length).expect("what could be opened once").fingerprint(), tokenizer.fingerprint());
    }
);
