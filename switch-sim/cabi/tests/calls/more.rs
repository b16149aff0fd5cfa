//! Bulk calls, statistics, what is special, and the functions that are in no table.

use super::*;

impl Driver<'_> {
    fn mode(&mut self) -> sai_bulk_op_error_mode_t {
        sai_bulk_op_error_mode_t(if self.input.rarely(16) { 9 } else { self.input.below(2) as u32 })
    }

    /// A count, or one that nothing stands behind with what must be null then.
    fn count(&mut self, n: usize) -> (u32, bool) {
        if self.input.rarely(16) { (self.input.number() as u32, true) } else { (n as u32, false) }
    }

    pub(super) fn bulk(&mut self) {
        let object = object_type(&mut self.input);
        let verbs = [Verbs::BULK_CREATE, Verbs::BULK_REMOVE, Verbs::BULK_SET, Verbs::BULK_GET];
        let verb = verbs[self.input.below(4)];
        let Some(f) = function(object, verb) else { return };
        let n = self.input.below(BULK + 1);
        let is_entry = entry_size(object.object_type).is_some();
        let mode = self.mode();
        let switch = self.id_of(ObjectType::SWITCH);

        // The objects: keys close to each other, each as large as its type says, or ids.
        let size = entry_size(object.object_type).unwrap_or(8);
        let mut names = Fenced::new((n * size).div_ceil(8), 0u64);
        let place = names.or_null(&mut self.input);
        if !place.is_null() {
            for i in 0..n {
                let key = self.key(object);
                // SAFETY: the room is for `n` of this size.
                unsafe {
                    let from = (&raw const key.key).cast::<u8>();
                    place.cast::<u8>().add(i * size).copy_from_nonoverlapping(from, size);
                }
            }
        }
        let mut lists: Vec<Vec<sai_attribute_t>> = (0..n)
            .map(|_| match verb {
                Verbs::BULK_CREATE => self.attributes(object),
                _ => (0..self.input.below(4)).map(|_| self.attribute(object)).collect(),
            })
            .collect();
        let (mut counts, mut places): (Vec<u32>, Vec<*mut sai_attribute_t>) = (Vec::new(), Vec::new());
        for list in &mut lists {
            let (count, place) = self.list(list);
            counts.push(count);
            places.push(place);
        }
        let mut flat: Vec<_> = (0..n).map(|_| self.attribute(object)).collect();
        let (_, flat) = self.list(&mut flat);
        let counts = if self.input.rarely(16) { null() } else { counts.as_ptr() };
        let places = if self.input.rarely(16) { null_mut() } else { places.as_mut_ptr() };

        let mut statuses = Fenced::new(n, 99i32);
        let mut ids = Fenced::new(n, 77u64);
        let (mut status_place, mut id_place) =
            (statuses.or_null(&mut self.input), ids.or_null(&mut self.input));
        let (count, alone) = self.count(n);
        let (mut counts, mut places, mut place, mut flat) = (counts, places, place, flat);
        if alone {
            (status_place, id_place, place, flat) = (null_mut(), null_mut(), null_mut(), null_mut());
            (counts, places) = (null(), null_mut());
        }
        let objects = place.cast::<c_void>().cast_const();
        let status = match verb {
            Verbs::BULK_CREATE if is_entry => call!(f; count => u32, objects => *const c_void,
                counts => *const u32, places => *mut *mut sai_attribute_t, mode => sai_bulk_op_error_mode_t,
                status_place => *mut i32),
            Verbs::BULK_CREATE => call!(f; switch => u64, count => u32, counts => *const u32,
                places => *mut *mut sai_attribute_t, mode => sai_bulk_op_error_mode_t,
                id_place => *mut u64, status_place => *mut i32),
            Verbs::BULK_REMOVE => call!(f; count => u32, objects => *const c_void,
                mode => sai_bulk_op_error_mode_t, status_place => *mut i32),
            Verbs::BULK_SET => call!(f; count => u32, objects => *const c_void,
                flat => *const sai_attribute_t, mode => sai_bulk_op_error_mode_t, status_place => *mut i32),
            _ => call!(f; count => u32, objects => *const c_void, counts => *const u32,
                places => *mut *mut sai_attribute_t, mode => sai_bulk_op_error_mode_t,
                status_place => *mut i32),
        };
        names.check();
        statuses.check();
        ids.check();
        if status_place.is_null() || alone {
            return;
        }
        let all: Vec<Status> = (0..n).map(|i| seen(statuses.get(i))).collect();
        let good = all.iter().all(|s| *s == Status::SUCCESS);
        assert!(status != Status::SUCCESS || good, "{}: {status} of {all:?}", object.name);
        if verb == Verbs::BULK_CREATE && !is_entry && !id_place.is_null() {
            for (i, status) in all.iter().enumerate() {
                assert_eq!(*status == Status::SUCCESS, ids.get(i) != 0, "{}: {status}", object.name);
                self.remember(object.object_type, ids.get(i));
            }
        }
    }

    /// Statistics of a type, and some that it does not have.
    fn statistics(&mut self, object: &ObjectMeta) -> Vec<u32> {
        let n = self.input.below(6);
        (0..n)
            .map(|_| match self.input.rarely(8) {
                true => self.input.number() as u32,
                false => object.stats.and_then(|e| self.input.pick(e.values)).map_or(0, |s| s.value as u32),
            })
            .collect()
    }

    pub(super) fn stats(&mut self) {
        let object = object_type(&mut self.input);
        let mut wanted = self.statistics(object);
        let mut counters = Fenced::new(wanted.len(), 7u64);
        let (count, ids) = self.list(&mut wanted);
        let (ids, out) = (ids.cast_const(), counters.or_null(&mut self.input));
        let mode = sai_stats_mode_t(self.input.below(40) as u32);
        let mut key = Fenced::new(1, self.key(object));
        let key = key.or_null(&mut self.input).cast::<c_void>();
        let id = self.id_of(object.object_type);
        let verbs = [Verbs::GET_STATS, Verbs::GET_STATS_EXT, Verbs::CLEAR_STATS];
        let verb = verbs[self.input.below(3)];
        let Some(f) = function(object, verb) else { return };
        // An id goes by value, a key by its address.
        let named = if entry_size(object.object_type).is_some() { key as u64 } else { id };
        match verb {
            Verbs::GET_STATS => {
                call!(f; named => u64, count => u32, ids => *const u32, out => *mut u64);
            }
            Verbs::GET_STATS_EXT => {
                call!(f; named => u64, count => u32, ids => *const u32, mode => sai_stats_mode_t,
                    out => *mut u64);
            }
            _ => drop(call!(f; named => u64, count => u32, ids => *const u32)),
        }
        counters.check();
    }

    pub(super) fn special(&mut self) {
        let switch = self.id_of(ObjectType::SWITCH);
        let port = self.id_of(ObjectType::PORT);
        let hostif = id(&mut self.input, &self.known, &[ObjectType::HOSTIF, ObjectType::SWITCH]);
        let table = |api: sai_api_t| {
            let mut table = null_mut();
            // SAFETY: there is room for the answer.
            seen(unsafe { sai_api_query(api, &mut table) });
            table
        };
        let flush = meta::object(ObjectType::FDB_FLUSH).unwrap();
        let packet = meta::object(ObjectType::HOSTIF_PACKET).unwrap();
        // SAFETY: tables are static and of this release; what pointers point to is as long as its count says.
        unsafe {
            let hostifs = &*table(SAI_API_HOSTIF).cast::<sai_hostif_api_t>();
            seen(match self.input.below(7) {
                0 => {
                    let mut attrs = self.attributes(flush);
                    let (count, list) = self.list(&mut attrs);
                    let fdb = &*table(SAI_API_FDB).cast::<sai_fdb_api_t>();
                    fdb.flush_fdb_entries.unwrap()(switch, count, list)
                }
                1 => {
                    let neighbors = &*table(SAI_API_NEIGHBOR).cast::<sai_neighbor_api_t>();
                    neighbors.remove_all_neighbor_entries.unwrap()(switch)
                }
                2 => {
                    let ports = &*table(SAI_API_PORT).cast::<sai_port_api_t>();
                    ports.clear_port_all_stats.unwrap()(port)
                }
                3 => {
                    let mut frame: Vec<u8> = (0..self.input.below(90)).map(|_| self.input.byte()).collect();
                    let (size, frame) = self.list(&mut frame);
                    let mut attrs = self.attributes(packet);
                    let (count, list) = self.list(&mut attrs);
                    hostifs.send_hostif_packet.unwrap()(
                        hostif,
                        size as _,
                        frame as *const c_void,
                        count,
                        list,
                    )
                }
                4 => {
                    let room = self.input.below(200);
                    let mut frame = Fenced::new(room, 0u8);
                    let mut attrs = Fenced::new(4, sai_attribute_t::default());
                    let (mut size, mut count) = (room as sai_size_t, 4);
                    let size = if self.input.rarely(16) { null_mut() } else { &raw mut size };
                    let count = if self.input.rarely(16) { null_mut() } else { &raw mut count };
                    let buffer = frame.or_null(&mut self.input).cast();
                    let list = attrs.or_null(&mut self.input);
                    let status = hostifs.recv_hostif_packet.unwrap()(hostif, size, buffer, count, list);
                    frame.check();
                    attrs.check();
                    status
                }
                5 => {
                    let mut buffer = Fenced::new(1, null_mut::<c_void>());
                    let place = buffer.or_null(&mut self.input);
                    let mut attrs = self.attributes(packet);
                    let (count, list) = self.list(&mut attrs);
                    let size = self.input.below(20_000) as sai_size_t;
                    let status = hostifs.allocate_hostif_packet.unwrap()(hostif, size, place, count, list);
                    if status == 0 {
                        buffer.get(0).cast::<u8>().write_bytes(1, size as usize);
                        hostifs.free_hostif_packet.unwrap()(hostif, buffer.get(0));
                    }
                    status
                }
                _ => {
                    let mut stray = 0u64;
                    let buffer = if self.input.rarely(2) { null_mut() } else { (&raw mut stray).cast() };
                    hostifs.free_hostif_packet.unwrap()(hostif, buffer)
                }
            });
        }
    }

    pub(super) fn global(&mut self) {
        let object = object_type(&mut self.input);
        let ty = match self.input.rarely(16) {
            true => sai_object_type_t(self.input.number() as u32),
            false => sai_object_type_t(object.object_type.0 as u32),
        };
        let switch = self.id_of(ObjectType::SWITCH);
        let any = id(&mut self.input, &self.known, &[object.object_type]);
        let attr = self.input.pick(object.attrs).map_or(7, |a| a.id);
        let mut number = Fenced::new(1, 5u32);
        let n = number.or_null(&mut self.input);
        // SAFETY: what pointers point to is as long as its count says.
        unsafe {
            match self.input.below(16) {
                0 => drop(sai_object_type_query(any)),
                1 => drop(sai_switch_id_query(any)),
                2 => {
                    let mut wide = Fenced::new(1, 5u64);
                    let mut attrs = self.attributes(object);
                    let (count, list) = self.list(&mut attrs);
                    // Attributes are of the object that was chosen.
                    let ty = sai_object_type_t(object.object_type.0 as u32);
                    let out = wide.or_null(&mut self.input);
                    seen(sai_object_type_get_availability(switch, ty, count, list, out));
                    wide.check();
                }
                3 => drop(seen(sai_get_maximum_attribute_count(switch, ty, n))),
                4 => drop(seen(sai_get_object_count(switch, ty, n))),
                5 => {
                    let room = self.input.below(20);
                    let mut keys = Fenced::new(room, sai_object_key_t::default());
                    let mut count = room as u32;
                    let place = keys.or_null(&mut self.input);
                    let count = if self.input.rarely(16) { null_mut() } else { &raw mut count };
                    seen(sai_get_object_key(switch, ty, count, place));
                    keys.check();
                }
                6 => {
                    let out = &mut sai_attr_capability_t::default();
                    let out = if self.input.rarely(8) { null_mut() } else { &raw mut *out };
                    seen(sai_query_attribute_capability(switch, ty, attr, out));
                }
                7 => {
                    let room = self.input.below(20);
                    let mut values = Fenced::new(room, 0i32);
                    let mut list =
                        sai_s32_list_t { count: room as u32, list: values.or_null(&mut self.input) };
                    seen(sai_query_attribute_enum_values_capability(switch, ty, attr, &mut list));
                    values.check();
                }
                8 => {
                    let room = self.input.below(20);
                    let mut stats = Fenced::new(room, sai_stat_capability_t::default());
                    let place = stats.or_null(&mut self.input);
                    let mut list = sai_stat_capability_list_t { count: room as u32, list: place };
                    seen(sai_query_stats_capability(switch, ty, &mut list));
                    stats.check();
                }
                9 => {
                    let room = self.input.below(20);
                    let mut stats = Fenced::new(room, sai_stat_st_capability_t::default());
                    let place = stats.or_null(&mut self.input);
                    let mut list = sai_stat_st_capability_list_t { count: room as u32, list: place };
                    seen(sai_query_stats_st_capability(switch, ty, &mut list));
                    stats.check();
                }
                10..=11 => self.bulk_statistics(object),
                12 => {
                    let mut stage = sai_object_stage_t::default();
                    let mut attrs = self.attributes(object);
                    let (count, list) = self.list(&mut attrs);
                    let out = if self.input.rarely(8) { null_mut() } else { &raw mut stage };
                    let ty = sai_object_type_t(object.object_type.0 as u32);
                    seen(sai_query_object_stage(switch, ty, count, list, out));
                }
                13 => {
                    let (api, level) = (self.input.number() as u32, self.input.below(8) as u32);
                    seen(sai_log_set(sai_api_t(api), sai_log_level_t(level)));
                    seen(sai_log_set(SAI_API_SWITCH, SAI_LOG_LEVEL_ERROR));
                }
                14 => {
                    let nowhere = c"/nowhere/at/all".as_ptr();
                    let file = if self.input.rarely(2) { null() } else { nowhere };
                    assert_ne!(seen(sai_dbg_generate_dump(file)), Status::SUCCESS);
                }
                _ => {
                    let mut table = Fenced::new(1, null_mut());
                    let api = self.input.number() as u32;
                    seen(sai_api_query(sai_api_t(api), table.or_null(&mut self.input)));
                    table.check();
                    seen(sai_query_api_version(&mut 0));
                    seen(sai_query_api_version(null_mut()));
                }
            }
        }
        number.check();
    }

    fn bulk_statistics(&mut self, object: &ObjectMeta) {
        let n = self.input.below(BULK + 1);
        let mut keys: Vec<_> = (0..n).map(|_| self.key(object)).collect();
        let mut wanted = self.statistics(object);
        let each = wanted.len();
        let mut counters = Fenced::new(n * each, 7u64);
        let mut statuses = Fenced::new(n, 99i32);
        let ids = if self.input.rarely(16) { null() } else { wanted.as_mut_ptr().cast_const() };
        let list = if self.input.rarely(16) { null() } else { keys.as_mut_ptr().cast_const() };
        let mode = sai_stats_mode_t(self.input.below(40) as u32);
        let ty = sai_object_type_t(object.object_type.0 as u32);
        let switch = self.id_of(ObjectType::SWITCH);
        let status = statuses.or_null(&mut self.input);
        // SAFETY: the lists are as long as their counts say, or null.
        unsafe {
            if self.input.rarely(3) {
                seen(sai_bulk_object_clear_stats(switch, ty, n as u32, list, each as u32, ids, mode, status));
            } else {
                let out = counters.or_null(&mut self.input);
                let (n, each) = (n as u32, each as u32);
                seen(sai_bulk_object_get_stats(switch, ty, n, list, each, ids, mode, status, out));
            }
        }
        counters.check();
        statuses.check();
    }
}
