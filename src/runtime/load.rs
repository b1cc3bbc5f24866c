//! Finds and loads the inference engine, once per process: ONNX Runtime where there is a library, else tract.

use super::provider::Provider;
use super::search::{self, Place};
use crate::error::{Error, Result};
use crate::files::as_shown;
use crate::paths::data_dir;
use crate::task::panic_message;
use ort::environment::Environment;
use ort::logging::LogLevel;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The engine that all models of this process run on.
pub struct Runtime {
    info: RuntimeInfo,
    environment: Environment,
    tract: bool,
}

/// What is known of the engine, for a chip in the window and for `nearmiss doctor`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuntimeInfo {
    /// "ONNX Runtime" or "tract (built in)".
    pub engine: String,
    /// Its version, as "1.31.1".
    pub version: String,
    /// The library that was loaded; `None` for tract.
    #[serde(serialize_with = "as_shown")]
    pub library: Option<PathBuf>,
    /// The execution providers that the library offers, as "CUDA", "CPU".
    pub providers: Vec<String>,
    /// Where else was looked, in order, and why that was not used.
    pub tried: Vec<Tried>,
}

/// A place that was looked in without success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The place.
    pub what: String,
    /// Why it was not used.
    pub why: String,
}

impl Runtime {
    /// The engine. The first call looks for a library in: `ORT_DYLIB_PATH`; beside the program; the application's
    /// data folder; the Python environments on the path. Where none loads it is tract. `NEARMISS_ENGINE=tract`
    /// chooses tract at once.
    ///
    /// # Errors
    /// A library loads but cannot start; the process is then bound to it.
    pub fn get() -> Result<&'static Self> {
        static RUNTIME: OnceLock<Result<Runtime, (String, String)>> = OnceLock::new();
        let started = RUNTIME.get_or_init(|| {
            catch_unwind(Self::start)
                .unwrap_or_else(|panic| {
                    let why = panic_message(panic.as_ref());
                    Err(Error::runtime(
                        format!("the inference engine did not start: {why}"),
                        RETRY,
                    ))
                })
                .map_err(|e| (e.to_string(), e.remedy()))
        });
        started
            .as_ref()
            .map_err(|(what, remedy)| Error::runtime(what, remedy))
    }

    /// What is known of it.
    pub fn info(&self) -> &RuntimeInfo {
        &self.info
    }

    /// Is it the built-in engine?
    pub fn is_tract(&self) -> bool {
        self.tract
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    fn start() -> Result<Self> {
        let mut tried = Vec::new();
        if std::env::var("NEARMISS_ENGINE").is_ok_and(|v| v.eq_ignore_ascii_case("tract")) {
            tried.push(Tried {
                what: "ONNX Runtime".into(),
                why: "NEARMISS_ENGINE asks for tract".into(),
            });
            return Self::tract(tried);
        }
        let data = data_dir().ok();
        for place in search::places(data.as_deref()) {
            match Self::try_place(&place) {
                Ok(Ok(runtime)) => {
                    return Ok(Self {
                        info: RuntimeInfo {
                            tried,
                            ..runtime.info
                        },
                        ..runtime
                    });
                }
                Ok(Err(fatal)) => return Err(fatal),
                Err(why) => tried.push(Tried {
                    what: place.name(),
                    why,
                }),
            }
        }
        Self::tract(tried)
    }

    /// The outer error says why the next place is to be tried, the inner one that there can be no next.
    fn try_place(place: &Place) -> Result<Result<Self>, String> {
        let library = place.library()?;
        let builder = ort::init_from(&library).map_err(|e| load_error(&e))?;
        // What the library has to say arrives as the error of a call; its log would only litter the terminal.
        let environment = builder
            .with_name("nearmiss")
            .with_logger(Arc::new(|_, _, _, _, _| {}))
            .build();
        Ok(environment
            .map_err(|e| start_error(&library, &e))
            .map(|environment| {
                environment.set_log_level(LogLevel::Fatal);
                let providers = Provider::ALL.into_iter().filter(|p| p.is_offered());
                let info = RuntimeInfo {
                    engine: "ONNX Runtime".into(),
                    version: search::version(&library, ort::info()),
                    providers: providers.map(|p| p.to_string()).collect(),
                    library: Some(library),
                    tried: Vec::new(),
                };
                Self {
                    info,
                    environment,
                    tract: false,
                }
            }))
    }

    fn tract(tried: Vec<Tried>) -> Result<Self> {
        ort::set_api(ort_tract::api());
        let environment = catch_unwind(AssertUnwindSafe(|| ort::init().build()))
            .map_err(|panic| panic_message(panic.as_ref()))
            .and_then(|built| built.map_err(|e| e.to_string()))
            .map_err(|why| {
                Error::runtime(format!("the built-in engine did not start: {why}"), RETRY)
            })?;
        let info = RuntimeInfo {
            engine: "tract (built in)".into(),
            version: TRACT_VERSION.into(),
            library: None,
            providers: vec![Provider::Cpu.to_string()],
            tried,
        };
        Ok(Self {
            info,
            environment,
            tract: true,
        })
    }
}

const RETRY: &str = "Set ORT_DYLIB_PATH to another ONNX Runtime library, or NEARMISS_ENGINE=tract, and start again.";

/// The tract that `ort-tract` is built on; the crate does not say it at run time.
const TRACT_VERSION: &str = "0.23";

fn load_error(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error, .. } => format!("does not load: {error}"),
        ort::LoadDynamicError::MissingApi { .. } => "is no ONNX Runtime library".into(),
        ort::LoadDynamicError::InvalidVersionString => "does not tell its version".into(),
        ort::LoadDynamicError::BadVersion { version_str, .. } => {
            format!(
                "version {version_str} is too old; 1.{} or newer is needed",
                ort::MINOR_VERSION
            )
        }
    }
}

fn start_error(library: &Path, error: &ort::Error) -> Error {
    Error::runtime(
        format!("{}: ONNX Runtime did not start: {error}", library.display()),
        RETRY,
    )
}
