//! A cell between its text and its run: what is compiled of it, again and again until it is good or turns out to be
//! the cell's own fault.
//!
//! The engine's thread is inside evcxr meanwhile, and evcxr waits for what it takes for cargo. That asks here, on
//! another thread ([`Builds`]).

use super::diagnostics::{self, rustc::Message};
use crate::cell::definitions::{DefinitionId, Definitions};
use crate::cell::generate::{self, Loaded, Source, Surroundings};
use crate::cell::parse::Parsed;
use crate::cell::plan::{self, Next, Plan};
use crate::cell::source_map::SourceMap;
use crate::cell::variables::Variables;
use crate::compile::direct_rustc::Compiled;
use crate::compile::{Builds, Order, library_guard};
use crate::evcxr::texts;
use crate::event::{EngineEvent, Event};
use crate::supervisor::Workers;
use channel::{CellNumber, KernelFrame};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often a cell is compiled at the most.
const MOST_BUILDS: usize = 40;

/// How often what ended without a word on any code is compiled again.
const MOST_ACCIDENTS: usize = 1;

/// What the session knows when a cell begins.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub definitions: Definitions,
    pub variables: Variables,
    /// The symbols of statics that the worker has loaded.
    pub exported: BTreeSet<String>,
    /// The items that evcxr's analyser knows.
    pub known_to_evcxr: BTreeSet<DefinitionId>,
    /// Variables that evcxr knows and that are no more.
    pub forget: BTreeSet<String>,
}

impl Book {
    /// Whether cells have made an item or a variable of this name.
    pub fn is_known(&self, name: &str) -> bool {
        let items = self.definitions.all();
        self.variables.alive.contains_key(name) || items.iter().any(|known| known.item.name == name)
    }
}

/// How far a cell has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was compiled yet.
    New,
    /// It is compiled, and evcxr may have it run.
    Compiled,
    /// It cannot be.
    Failed,
}

/// A cell that is being compiled.
pub struct Job {
    pub cell: CellNumber,
    pub count: usize,
    pub parsed: Arc<Parsed>,
    pub hidden: BTreeSet<String>,
    /// Of these, the variables whose types the analyser does not know: the compiler is asked.
    pub unknown: BTreeSet<String>,
    pub book: Book,
    pub stage: Stage,
    pub plan: Plan,
    pub source: Source,
    /// Variables that end before the cell begins, since their types have changed.
    pub ended: Vec<String>,
    /// Variables that end before the cell begins, since it gives their names to items.
    pub taken: Vec<String>,
    /// What evcxr takes for new variables of this cell.
    pub new_to_evcxr: BTreeSet<String>,
    /// What the compiler said when it was done, or when it was the cell's own fault.
    pub messages: Vec<Message>,
    /// What cargo wrote, when it could not build.
    pub cargo: Option<String>,
    pub sources: Arc<Mutex<SourceMap>>,
    loaded: Vec<Loaded>,
    tried: Vec<Plan>,
    builds: usize,
    accidents: usize,
    /// The first build that was the cell's own fault.
    fault: Option<(Source, Vec<Message>)>,
}

impl Job {
    /// A cell whose items are in the book already.
    pub fn new(
        cell: CellNumber,
        count: usize,
        parsed: Arc<Parsed>,
        hidden: BTreeSet<String>,
        unknown: BTreeSet<String>,
        book: Book,
        sources: Arc<Mutex<SourceMap>>,
    ) -> Job {
        Job {
            cell,
            count,
            parsed,
            hidden,
            unknown,
            book,
            stage: Stage::New,
            plan: Plan::default(),
            source: Source::default(),
            ended: Vec::new(),
            taken: Vec::new(),
            new_to_evcxr: BTreeSet::new(),
            messages: Vec::new(),
            cargo: None,
            sources,
            loaded: Vec::new(),
            tried: Vec::new(),
            builds: 0,
            accidents: 0,
            fault: None,
        }
    }

    fn asked(&mut self, text: &str, only_check: bool) -> Order {
        match self.stage {
            // evcxr wants to know why its analyser has no type for a variable. The compiler will tell.
            _ if only_check => return Order::Failed,
            Stage::Compiled => return Order::Again,
            Stage::Failed => return Order::Failed,
            Stage::New => {}
        }
        let mut types: BTreeMap<String, String> =
            text.lines().filter_map(texts::kept_variable).collect();
        types.retain(|name, _| self.parsed.lets.iter().any(|it| it.binds(name)));
        self.new_to_evcxr = types.keys().cloned().collect();
        types.retain(|name, type_text| {
            !self.hidden.contains(name) && Variables::is_writable(type_text)
        });
        let alive = self.book.variables.alive.keys().cloned().collect();
        self.plan = plan::first(&self.parsed, &types, &alive);
        self.plan.asked.clone_from(&self.unknown);
        self.compile()
    }

    fn compile(&mut self) -> Order {
        self.builds += 1;
        self.tried.push(self.plan.clone());
        let Book {
            definitions,
            variables,
            exported,
            ..
        } = &self.book;
        self.ended = variables.outdated(definitions);
        self.taken = variables.taken_by(&self.parsed);
        self.loaded = variables.wanted(&self.parsed.words, definitions);
        self.loaded.retain(|it| !self.taken.contains(&it.name));
        let ended = [&*self.ended, &*self.taken].concat();
        let surroundings = Surroundings {
            definitions,
            loaded: &self.loaded,
            ended: &ended,
            exported,
        };
        self.source = generate::source(self.cell, &self.parsed, &self.plan, &surroundings);
        self.lock_sources().set_compiled(self.cell, &self.source);
        // Whole, and with the paths by which a cell can name them.
        let to_name_types = ["--verbose", "-Ztrim-diagnostic-paths=no"].map(str::to_owned);
        let to_name_types = to_name_types
            .into_iter()
            .filter(|_| !self.plan.asked.is_empty());
        Order::Compile {
            text: self.source.text.clone(),
            arguments: [
                // Values of before are of other types when a type was defined anew, also where only `Any` knows.
                format!("-Cmetadata=generation{}", definitions.generation()),
                // A cell's own symbols go before those of earlier cells.
                "-Clink-arg=-Wl,-Bsymbolic".to_owned(),
            ]
            .into_iter()
            .chain(to_name_types)
            .collect(),
        }
    }

    /// Takes in how a build ended; the names that evcxr has to forget before the cell runs.
    fn compiled(&mut self, compiled: Compiled) -> (Order, Vec<String>) {
        let messages: Vec<Message> = compiled
            .messages
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect();
        if compiled.library.is_some() {
            self.stage = Stage::Compiled;
            self.messages = messages;
            let names = self.names_to_forget();
            let order = Order::Done {
                keep: !names.is_empty(),
            };
            return (order, names);
        }
        self.cargo = compiled.cargo;
        let nothing = Vec::new();
        let is_refused = |message: &Message| message.code() == Some(library_guard::REFUSAL);
        if self.cargo.is_some() || messages.iter().any(is_refused) {
            self.stage = Stage::Failed;
            self.messages = messages;
            return (Order::Failed, nothing);
        }
        if diagnostics::is_accident(&messages) && self.accidents < MOST_ACCIDENTS {
            self.accidents += 1;
            tracing::warn!(?messages, "compiled once more");
            return (self.compile(), nothing);
        }
        let refusals: Vec<plan::Refusal> = messages.iter().filter_map(Message::refusal).collect();
        if !self.plan.asked.is_empty() {
            self.plan = plan::answered(&self.plan, &self.source, &refusals);
            return (self.compile(), nothing);
        }
        let own = |id: DefinitionId| {
            let definition = self.book.definitions.get(id);
            definition.is_none_or(|known| known.cell == self.cell)
        };
        let next = plan::next(
            &self.parsed,
            &self.plan,
            &self.source,
            &refusals,
            own,
            &self.tried,
        );
        tracing::debug!(?next, ?refusals, "a build was refused");
        if self.builds < MOST_BUILDS {
            match next {
                Next::Try(plan) => {
                    let is_other_reading =
                        (plan.error, plan.tail) != (self.plan.error, self.plan.tail);
                    if is_other_reading {
                        self.note_fault(messages);
                    }
                    self.plan = plan;
                    return (self.compile(), nothing);
                }
                Next::SetAside(broken) => {
                    self.book
                        .definitions
                        .put_aside(&broken, self.cell, self.count);
                    return (self.compile(), nothing);
                }
                Next::GiveUp => {}
            }
        }
        self.stage = Stage::Failed;
        self.note_fault(messages);
        if let Some((source, messages)) = self.fault.take() {
            self.lock_sources().set_compiled(self.cell, &source);
            self.messages = messages;
        }
        (Order::Failed, nothing)
    }

    /// What is told in the end is what the first reading was refused for, in the words of the compiler: not in
    /// those about a method of ours.
    fn note_fault(&mut self, messages: Vec<Message>) {
        let is_about_display = |messages: &[Message]| {
            messages
                .iter()
                .any(|message| message.message.contains("evcxr_display"))
        };
        let is_better = match &self.fault {
            None => true,
            Some((_, known)) => is_about_display(known) && !is_about_display(&messages),
        };
        if is_better {
            self.fault = Some((self.source.clone(), messages));
        }
    }

    fn names_to_forget(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = self.book.forget.clone();
        names.extend(self.ended.iter().chain(&self.taken).cloned());
        names.extend(self.plan.moved.iter().cloned());
        names.extend(self.plan.shadows.iter().cloned());
        names.extend(self.new_to_evcxr.iter().cloned());
        names.retain(|name| !self.plan.kept.contains_key(name));
        names.into_iter().collect()
    }

    fn lock_sources(&self) -> MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cell that is being compiled, for both threads.
#[derive(Clone)]
pub struct Jobs {
    current: Arc<Mutex<Option<Job>>>,
    workers: Workers,
    publish: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Jobs {
    /// No cell yet.
    pub fn new(workers: Workers, publish: Arc<dyn Fn(Event) + Send + Sync>) -> Jobs {
        Jobs {
            current: Arc::default(),
            workers,
            publish,
        }
    }

    /// Sets the cell that evcxr is about to be asked to run.
    pub fn begin(&self, job: Job) {
        *self.lock() = Some(job);
    }

    /// Takes the cell back.
    pub fn end(&self) -> Option<Job> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Job>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Builds for Jobs {
    fn asked(&self, text: &str, only_check: bool) -> Order {
        match self.lock().as_mut() {
            Some(job) => job.asked(text, only_check),
            None => Order::Nothing,
        }
    }

    fn compiled(&self, compiled: Compiled) -> Order {
        let (order, names) = match self.lock().as_mut() {
            Some(job) => job.compiled(compiled),
            None if compiled.library.is_some() => (Order::Done { keep: false }, Vec::new()),
            None => {
                tracing::error!(?compiled, "evcxr's own text could not be built");
                (Order::Failed, Vec::new())
            }
        };
        if !names.is_empty() {
            self.workers.tell(&KernelFrame::Forget { names });
        }
        order
    }

    fn building(&self, crate_name: &str) {
        let crate_name = crate_name.to_owned();
        (self.publish)(Event::Engine(EngineEvent::Building { crate_name }));
    }
}
