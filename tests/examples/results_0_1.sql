BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'first');
INSERT INTO "studies" VALUES(2,'train');
INSERT INTO "studies" VALUES(3,'own_word');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',2,0);
INSERT INTO "study_directions" VALUES(3,'MAXIMIZE',3,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'goal','{"space": "input 3x32x32 classes 10 limits rf > 44, params < 60k, macs < 6M, dilated >= 1, depthwise >= 1 network = conv(8|12|16, stride=2) part(16|24) part(24|32|48) last(32|48|64) head(pool=max|avg) part(w) = sep(w, stride=2) (residual(unit(w)) | unit(w)) last(w) = conv(w, dilation=1|2) unit(w)*0..2 unit(w) = sep(w, dilation=1|2)", "limits": "rf > 44, params < 30k, macs < 3M, dilated >= 1, depthwise >= 1", "data": "digits", "data_digest": "9d13b217f182fefa", "split": "validation", "recipe": "2 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none", "seed": "0"}');
INSERT INTO "study_user_attributes" VALUES(2,3,'goal','{"space": "limits rf > 44, params < 6k network = conv(8|16, stride=2) stage(16|24|32) stage(32|48|64) head() stage(w) = maxpool(2) ghost(w, ratio=2|4) unit(w)*0..1 se(reduction=4|8)*0..1 unit(w) = residual(ghost(w) | sep(w) se())", "limits": "rf > 44, params < 6k", "data": "digits", "data_digest": "9d13b217f182fefa", "split": "validation", "recipe": "1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none", "seed": "0"}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_heartbeats" VALUES(1,1,'2026-11-25 08:04:43');
INSERT INTO "trial_heartbeats" VALUES(2,2,'2026-11-25 08:04:46');
INSERT INTO "trial_heartbeats" VALUES(3,3,'2026-11-25 08:04:47');
INSERT INTO "trial_heartbeats" VALUES(4,5,'2026-11-25 08:05:07');
INSERT INTO "trial_heartbeats" VALUES(5,6,'2026-11-25 08:05:07');
INSERT INTO "trial_heartbeats" VALUES(6,7,'2026-11-25 08:05:07');
INSERT INTO "trial_heartbeats" VALUES(7,8,'2026-11-25 08:05:07');
INSERT INTO "trial_heartbeats" VALUES(8,9,'2026-11-25 08:05:11');
INSERT INTO "trial_heartbeats" VALUES(9,10,'2026-11-25 08:05:11');
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,1,1,9.79020979020979,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,1,2,9.79020979020979,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(3,2,1,1.8181818181818183433e+01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(4,2,2,6.7132867132867133364e+01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(5,3,1,9.79020979020979,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,3,2,1.53846153846153850248e+01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,8,1,1.04895104895104900326e+01,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,10,1,1.6783216783216783341e+01,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'network.0.channels',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "12", "16"]}}');
INSERT INTO "trial_params" VALUES(2,1,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24"]}}');
INSERT INTO "trial_params" VALUES(3,1,'network.1.part.1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(4,1,'network.1.part.1[0].unit.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(5,1,'network.2.w',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["24", "32", "48"]}}');
INSERT INTO "trial_params" VALUES(6,1,'network.2.part.1',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(7,1,'network.2.part.1[1].unit.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(8,1,'network.3.w',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(9,1,'network.3.last.0.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(10,1,'network.3.last.1.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1", "2"]}}');
INSERT INTO "trial_params" VALUES(11,1,'network.4.pool',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "avg"]}}');
INSERT INTO "trial_params" VALUES(12,2,'network.0.channels',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "12", "16"]}}');
INSERT INTO "trial_params" VALUES(13,2,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24"]}}');
INSERT INTO "trial_params" VALUES(14,2,'network.1.part.1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(15,2,'network.1.part.1[0].unit.dilation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(16,2,'network.2.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["24", "32", "48"]}}');
INSERT INTO "trial_params" VALUES(17,2,'network.2.part.1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(18,2,'network.2.part.1[0].unit.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(19,2,'network.3.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(20,2,'network.3.last.0.dilation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(21,2,'network.3.last.1.count',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1", "2"]}}');
INSERT INTO "trial_params" VALUES(22,2,'network.3.last.1#0.unit.dilation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(23,2,'network.3.last.1#1.unit.dilation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(24,2,'network.4.pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "avg"]}}');
INSERT INTO "trial_params" VALUES(25,3,'network.0.channels',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "12", "16"]}}');
INSERT INTO "trial_params" VALUES(26,3,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24"]}}');
INSERT INTO "trial_params" VALUES(27,3,'network.1.part.1',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(28,3,'network.1.part.1[1].unit.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(29,3,'network.2.w',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["24", "32", "48"]}}');
INSERT INTO "trial_params" VALUES(30,3,'network.2.part.1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["residual(unit(w))", "unit(w)"]}}');
INSERT INTO "trial_params" VALUES(31,3,'network.2.part.1[0].unit.dilation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(32,3,'network.3.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(33,3,'network.3.last.0.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(34,3,'network.3.last.1.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1", "2"]}}');
INSERT INTO "trial_params" VALUES(35,3,'network.3.last.1#0.unit.dilation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["1", "2"]}}');
INSERT INTO "trial_params" VALUES(36,3,'network.4.pool',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "avg"]}}');
INSERT INTO "trial_params" VALUES(37,5,'network.0.channels',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(38,5,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(39,5,'network.1.stage.1.ratio',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(40,5,'network.1.stage.2.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(41,5,'network.1.stage.2#0.unit',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["ghost(w)", "sep(w) se()"]}}');
INSERT INTO "trial_params" VALUES(42,5,'network.1.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(43,5,'network.1.stage.3#0.reduction',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(44,5,'network.2.w',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(45,5,'network.2.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(46,5,'network.2.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(47,5,'network.2.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(48,5,'network.2.stage.3#0.reduction',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(49,6,'network.0.channels',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(50,6,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(51,6,'network.1.stage.1.ratio',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(52,6,'network.1.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(53,6,'network.1.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(54,6,'network.2.w',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(55,6,'network.2.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(56,6,'network.2.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(57,6,'network.2.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(58,6,'network.2.stage.3#0.reduction',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(59,7,'network.0.channels',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(60,7,'network.1.w',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(61,7,'network.1.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(62,7,'network.1.stage.2.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(63,7,'network.1.stage.2#0.unit',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["ghost(w)", "sep(w) se()"]}}');
INSERT INTO "trial_params" VALUES(64,7,'network.1.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(65,7,'network.2.w',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(66,7,'network.2.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(67,7,'network.2.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(68,7,'network.2.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(69,8,'network.0.channels',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(70,8,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(71,8,'network.1.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(72,8,'network.1.stage.2.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(73,8,'network.1.stage.2#0.unit',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["ghost(w)", "sep(w) se()"]}}');
INSERT INTO "trial_params" VALUES(74,8,'network.1.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(75,8,'network.2.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(76,8,'network.2.stage.1.ratio',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(77,8,'network.2.stage.2.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(78,8,'network.2.stage.2#0.unit',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["ghost(w)", "sep(w) se()"]}}');
INSERT INTO "trial_params" VALUES(79,8,'network.2.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(80,8,'network.2.stage.3#0.reduction',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(81,9,'network.0.channels',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(82,9,'network.1.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(83,9,'network.1.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(84,9,'network.1.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(85,9,'network.1.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(86,9,'network.1.stage.3#0.reduction',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(87,9,'network.2.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(88,9,'network.2.stage.1.ratio',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(89,9,'network.2.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(90,9,'network.2.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(91,10,'network.0.channels',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["8", "16"]}}');
INSERT INTO "trial_params" VALUES(92,10,'network.1.w',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["16", "24", "32"]}}');
INSERT INTO "trial_params" VALUES(93,10,'network.1.stage.1.ratio',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(94,10,'network.1.stage.2.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(95,10,'network.1.stage.3.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(96,10,'network.1.stage.3#0.reduction',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["4", "8"]}}');
INSERT INTO "trial_params" VALUES(97,10,'network.2.w',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["32", "48", "64"]}}');
INSERT INTO "trial_params" VALUES(98,10,'network.2.stage.1.ratio',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["2", "4"]}}');
INSERT INTO "trial_params" VALUES(99,10,'network.2.stage.2.count',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
INSERT INTO "trial_params" VALUES(100,10,'network.2.stage.2#0.unit',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["ghost(w)", "sep(w) se()"]}}');
INSERT INTO "trial_params" VALUES(101,10,'network.2.stage.3.count',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["0", "1"]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'constraints:rf > 44','-50.0');
INSERT INTO "trial_system_attributes" VALUES(2,1,'constraints:params < 30k','-12149.0');
INSERT INTO "trial_system_attributes" VALUES(3,1,'constraints:macs < 3M','-2619103.0');
INSERT INTO "trial_system_attributes" VALUES(4,1,'constraints:dilated >= 1','-2.0');
INSERT INTO "trial_system_attributes" VALUES(5,1,'constraints:depthwise >= 1','-3.0');
INSERT INTO "trial_system_attributes" VALUES(6,2,'constraints:rf > 44','-58.0');
INSERT INTO "trial_system_attributes" VALUES(7,2,'constraints:params < 30k','-17093.0');
INSERT INTO "trial_system_attributes" VALUES(8,2,'constraints:macs < 3M','-2698239.0');
INSERT INTO "trial_system_attributes" VALUES(9,2,'constraints:dilated >= 1','0.0');
INSERT INTO "trial_system_attributes" VALUES(10,2,'constraints:depthwise >= 1','-5.0');
INSERT INTO "trial_system_attributes" VALUES(11,3,'constraints:rf > 44','-66.0');
INSERT INTO "trial_system_attributes" VALUES(12,3,'constraints:params < 30k','-15749.0');
INSERT INTO "trial_system_attributes" VALUES(13,3,'constraints:macs < 3M','-2706047.0');
INSERT INTO "trial_system_attributes" VALUES(14,3,'constraints:dilated >= 1','-2.0');
INSERT INTO "trial_system_attributes" VALUES(15,3,'constraints:depthwise >= 1','-4.0');
INSERT INTO "trial_system_attributes" VALUES(16,5,'constraints:rf > 44','4.0');
INSERT INTO "trial_system_attributes" VALUES(17,5,'constraints:params < 6k','-1965.0');
INSERT INTO "trial_system_attributes" VALUES(18,6,'constraints:rf > 44','12.0');
INSERT INTO "trial_system_attributes" VALUES(19,6,'constraints:params < 6k','-2973.0');
INSERT INTO "trial_system_attributes" VALUES(20,7,'constraints:rf > 44','4.0');
INSERT INTO "trial_system_attributes" VALUES(21,7,'constraints:params < 6k','-1825.0');
INSERT INTO "trial_system_attributes" VALUES(22,8,'constraints:rf > 44','-12.0');
INSERT INTO "trial_system_attributes" VALUES(23,8,'constraints:params < 6k','-1637.0');
INSERT INTO "trial_system_attributes" VALUES(24,9,'constraints:rf > 44','12.0');
INSERT INTO "trial_system_attributes" VALUES(25,9,'constraints:params < 6k','-4645.0');
INSERT INTO "trial_system_attributes" VALUES(26,10,'constraints:rf > 44','-4.0');
INSERT INTO "trial_system_attributes" VALUES(27,10,'constraints:params < 6k','-3545.0');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'sentence','"conv(12, stride=2) sep(16, stride=2) residual(sep(16, dilation=2)) sep(32, stride=2) sep(32, dilation=2) conv(48, dilation=2) head()"');
INSERT INTO "trial_user_attributes" VALUES(2,1,'digest','"a44b7389c0f2c7f9"');
INSERT INTO "trial_user_attributes" VALUES(3,1,'figures','{"rf": 95, "rf_inside": 32, "params": 17850, "trainable": 17850, "macs": 380896, "flops": 761792, "bias_ops": 9482, "norm_ops": 6912, "activation_ops": 6912, "arithmetic_ops": 1024, "pooling_ops": 768, "depth": 11, "dilated": 3, "depthwise": 4, "maxpool": 0, "weight_bytes": 71400, "activation_bytes": 24576}');
INSERT INTO "trial_user_attributes" VALUES(4,1,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(5,1,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(6,1,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(7,1,'recipe','"2 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(8,1,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(9,1,'history','[{"epoch": 1, "learning_rate": 0.11249999999999998, "train_loss": 2.1420748472213744, "train_accuracy": 27.1875, "loss": 2.3106415271759033, "accuracy": 9.79020979020979, "seconds": 0.4133790710000085}, {"epoch": 2, "learning_rate": 0.0, "train_loss": 1.3418796062469482, "train_accuracy": 67.421875, "loss": 2.3993356227874756, "accuracy": 9.79020979020979, "seconds": 0.369171624000046}]');
INSERT INTO "trial_user_attributes" VALUES(10,1,'precision','"fp32 on cpu"');
INSERT INTO "trial_user_attributes" VALUES(11,2,'sentence','"conv(12, stride=2) sep(16, stride=2) residual(sep(16)) sep(24, stride=2) residual(sep(24, dilation=2)) conv(32) sep(32) sep(32) head(pool=max)"');
INSERT INTO "trial_user_attributes" VALUES(12,2,'digest','"845004bfb22bb2ac"');
INSERT INTO "trial_user_attributes" VALUES(13,2,'figures','{"rf": 103, "rf_inside": 32, "params": 12906, "trainable": 12906, "macs": 301760, "flops": 603520, "bias_ops": 10890, "norm_ops": 7424, "activation_ops": 7424, "arithmetic_ops": 1408, "pooling_ops": 512, "depth": 15, "dilated": 1, "depthwise": 6, "maxpool": 0, "weight_bytes": 51624, "activation_bytes": 24576}');
INSERT INTO "trial_user_attributes" VALUES(14,2,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(15,2,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(16,2,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(17,2,'recipe','"2 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(18,2,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(19,2,'history','[{"epoch": 1, "learning_rate": 0.11249999999999998, "train_loss": 2.715302312374115, "train_accuracy": 19.6875, "loss": 2.233229160308838, "accuracy": 18.181818181818183, "seconds": 0.2599498600000061}, {"epoch": 2, "learning_rate": 0.0, "train_loss": 1.072225856781006, "train_accuracy": 70.859375, "loss": 1.4596538543701172, "accuracy": 67.13286713286713, "seconds": 0.25201830099996414}]');
INSERT INTO "trial_user_attributes" VALUES(20,2,'precision','"fp32 on cpu"');
INSERT INTO "trial_user_attributes" VALUES(21,3,'sentence','"conv(8, stride=2) sep(16, stride=2) sep(16, dilation=2) sep(32, stride=2) residual(sep(32)) conv(32, dilation=2) sep(32, dilation=2) head()"');
INSERT INTO "trial_user_attributes" VALUES(22,3,'digest','"6b3278a0162b55a6"');
INSERT INTO "trial_user_attributes" VALUES(23,3,'figures','{"rf": 111, "rf_inside": 32, "params": 14250, "trainable": 14250, "macs": 293952, "flops": 587904, "bias_ops": 8970, "norm_ops": 6144, "activation_ops": 6144, "arithmetic_ops": 512, "pooling_ops": 512, "depth": 13, "dilated": 3, "depthwise": 5, "maxpool": 0, "weight_bytes": 57000, "activation_bytes": 20480}');
INSERT INTO "trial_user_attributes" VALUES(24,3,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(25,3,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(26,3,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(27,3,'recipe','"2 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(28,3,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(29,3,'history','[{"epoch": 1, "learning_rate": 0.11249999999999998, "train_loss": 2.135881268978119, "train_accuracy": 32.578125, "loss": 2.3071353435516357, "accuracy": 9.79020979020979, "seconds": 0.34354991099996823}, {"epoch": 2, "learning_rate": 0.0, "train_loss": 1.2211211681365968, "train_accuracy": 80.9375, "loss": 2.3145253658294678, "accuracy": 15.384615384615385, "seconds": 0.3298983629999839}]');
INSERT INTO "trial_user_attributes" VALUES(30,3,'precision','"fp32 on cpu"');
INSERT INTO "trial_user_attributes" VALUES(31,4,'sentence','"conv(8, stride=2) conv(16, stride=2) head()"');
INSERT INTO "trial_user_attributes" VALUES(32,4,'digest','"5d8062eec55eff66"');
INSERT INTO "trial_user_attributes" VALUES(33,4,'figures','{"rf": 7, "rf_inside": 7, "params": 1610, "trainable": 1610, "macs": 129184, "flops": 258368, "bias_ops": 3082, "norm_ops": 3072, "activation_ops": 3072, "arithmetic_ops": 0, "pooling_ops": 1024, "depth": 3, "dilated": 0, "depthwise": 0, "maxpool": 0, "weight_bytes": 6440, "activation_bytes": 20480}');
INSERT INTO "trial_user_attributes" VALUES(34,4,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(35,4,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(36,4,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(37,4,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(38,4,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(39,4,'history','[{"epoch": 1, "learning_rate": 0.0, "train_loss": 2.3080225229263305, "train_accuracy": 14.21875, "loss": 2.2989611625671387, "accuracy": 10.48951048951049, "seconds": 0.1855075660000125}]');
INSERT INTO "trial_user_attributes" VALUES(40,4,'precision','"fp32 on cpu"');
INSERT INTO "trial_user_attributes" VALUES(41,5,'sentence','"conv(16, stride=2) maxpool(2) ghost(16) residual(sep(16) se()) se() maxpool(2) ghost(64, ratio=4) se(reduction=8) head()"');
INSERT INTO "trial_user_attributes" VALUES(42,5,'digest','"b49e39944919d27d"');
INSERT INTO "trial_user_attributes" VALUES(43,5,'figures','{"rf": 41, "rf_inside": 32, "params": 4034, "trainable": 4034, "macs": 161920, "flops": 323840, "bias_ops": 6266, "norm_ops": 7168, "activation_ops": 7280, "arithmetic_ops": 4096, "pooling_ops": 9216, "depth": 14, "dilated": 0, "depthwise": 3, "maxpool": 2, "weight_bytes": 16136, "activation_bytes": 32768}');
INSERT INTO "trial_user_attributes" VALUES(44,5,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(45,5,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(46,5,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(47,5,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(48,5,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(49,5,'reason','"rf is 41, not > 44"');
INSERT INTO "trial_user_attributes" VALUES(50,6,'sentence','"conv(16, stride=2) maxpool(2) ghost(16) maxpool(2) ghost(48, ratio=4) se() head()"');
INSERT INTO "trial_user_attributes" VALUES(51,6,'digest','"bf02b653979d03cd"');
INSERT INTO "trial_user_attributes" VALUES(52,6,'figures','{"rf": 33, "rf_inside": 29, "params": 3026, "trainable": 3026, "macs": 133280, "flops": 266560, "bias_ops": 4166, "norm_ops": 5888, "activation_ops": 5948, "arithmetic_ops": 768, "pooling_ops": 6656, "depth": 8, "dilated": 0, "depthwise": 2, "maxpool": 2, "weight_bytes": 12104, "activation_bytes": 32768}');
INSERT INTO "trial_user_attributes" VALUES(53,6,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(54,6,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(55,6,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(56,6,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(57,6,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(58,6,'reason','"rf is 33, not > 44"');
INSERT INTO "trial_user_attributes" VALUES(59,7,'sentence','"conv(16, stride=2) maxpool(2) ghost(32, ratio=4) residual(sep(32) se()) maxpool(2) ghost(48, ratio=4) head()"');
INSERT INTO "trial_user_attributes" VALUES(60,7,'digest','"d9588cecf34ed9a0"');
INSERT INTO "trial_user_attributes" VALUES(61,7,'figures','{"rf": 41, "rf_inside": 32, "params": 4174, "trainable": 4174, "macs": 228896, "flops": 457792, "bias_ops": 8242, "norm_ops": 8960, "activation_ops": 9000, "arithmetic_ops": 4096, "pooling_ops": 8960, "depth": 10, "dilated": 0, "depthwise": 3, "maxpool": 2, "weight_bytes": 16696, "activation_bytes": 32768}');
INSERT INTO "trial_user_attributes" VALUES(62,7,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(63,7,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(64,7,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(65,7,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(66,7,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(67,7,'reason','"rf is 41, not > 44"');
INSERT INTO "trial_user_attributes" VALUES(68,8,'sentence','"conv(8, stride=2) maxpool(2) ghost(16, ratio=4) residual(sep(16) se()) maxpool(2) ghost(32) residual(sep(32) se()) se() head()"');
INSERT INTO "trial_user_attributes" VALUES(69,8,'digest','"a2c092b253f854b0"');
INSERT INTO "trial_user_attributes" VALUES(70,8,'figures','{"rf": 57, "rf_inside": 32, "params": 4362, "trainable": 4362, "macs": 118720, "flops": 237440, "bias_ops": 5230, "norm_ops": 5120, "activation_ops": 5220, "arithmetic_ops": 3584, "pooling_ops": 5632, "depth": 16, "dilated": 0, "depthwise": 4, "maxpool": 2, "weight_bytes": 17448, "activation_bytes": 20480}');
INSERT INTO "trial_user_attributes" VALUES(71,8,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(72,8,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(73,8,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(74,8,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(75,8,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(76,8,'history','[{"epoch": 1, "learning_rate": 0.0, "train_loss": 2.295117235183716, "train_accuracy": 12.65625, "loss": 2.303313732147217, "accuracy": 10.48951048951049, "seconds": 0.3561787109999841}]');
INSERT INTO "trial_user_attributes" VALUES(77,8,'precision','"fp32 on cpu"');
INSERT INTO "trial_user_attributes" VALUES(78,9,'sentence','"conv(8, stride=2) maxpool(2) ghost(16, ratio=4) se() maxpool(2) ghost(32) head()"');
INSERT INTO "trial_user_attributes" VALUES(79,9,'digest','"39e368f881b31057"');
INSERT INTO "trial_user_attributes" VALUES(80,9,'figures','{"rf": 33, "rf_inside": 29, "params": 1354, "trainable": 1354, "macs": 71104, "flops": 142208, "bias_ops": 2078, "norm_ops": 3584, "activation_ops": 3604, "arithmetic_ops": 1024, "pooling_ops": 4608, "depth": 8, "dilated": 0, "depthwise": 2, "maxpool": 2, "weight_bytes": 5416, "activation_bytes": 20480}');
INSERT INTO "trial_user_attributes" VALUES(81,9,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(82,9,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(83,9,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(84,9,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(85,9,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(86,9,'reason','"rf is 33, not > 44"');
INSERT INTO "trial_user_attributes" VALUES(87,10,'sentence','"conv(8, stride=2) maxpool(2) ghost(32) se(reduction=8) maxpool(2) ghost(32, ratio=4) residual(ghost(32)) head()"');
INSERT INTO "trial_user_attributes" VALUES(88,10,'digest','"ff2fe9c162e0bd49"');
INSERT INTO "trial_user_attributes" VALUES(89,10,'figures','{"rf": 49, "rf_inside": 32, "params": 2454, "trainable": 2454, "macs": 91328, "flops": 182656, "bias_ops": 2094, "norm_ops": 5120, "activation_ops": 5156, "arithmetic_ops": 2560, "pooling_ops": 6656, "depth": 10, "dilated": 0, "depthwise": 3, "maxpool": 2, "weight_bytes": 9816, "activation_bytes": 20480}');
INSERT INTO "trial_user_attributes" VALUES(90,10,'data','"digits"');
INSERT INTO "trial_user_attributes" VALUES(91,10,'data_digest','"9d13b217f182fefa"');
INSERT INTO "trial_user_attributes" VALUES(92,10,'split','"validation"');
INSERT INTO "trial_user_attributes" VALUES(93,10,'recipe','"1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, none"');
INSERT INTO "trial_user_attributes" VALUES(94,10,'seed','0');
INSERT INTO "trial_user_attributes" VALUES(95,10,'history','[{"epoch": 1, "learning_rate": 0.0, "train_loss": 2.2440427780151366, "train_accuracy": 20.15625, "loss": 2.3061392307281494, "accuracy": 16.783216783216783, "seconds": 0.2636931010000012}]');
INSERT INTO "trial_user_attributes" VALUES(96,10,'precision','"fp32 on cpu"');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,9.79020979020979,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,6.7132867132867133364e+01,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,1.53846153846153850248e+01,'FINITE');
INSERT INTO "trial_values" VALUES(4,4,0,1.04895104895104900326e+01,'FINITE');
INSERT INTO "trial_values" VALUES(5,8,0,1.04895104895104900326e+01,'FINITE');
INSERT INTO "trial_values" VALUES(6,10,0,1.6783216783216783341e+01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-25 08:04:43.447641','2026-11-25 08:04:46.513903');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-25 08:04:46.540135','2026-11-25 08:04:47.280978');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-25 08:04:47.297785','2026-11-25 08:04:48.160225');
INSERT INTO "trials" VALUES(4,0,2,'COMPLETE','2026-11-25 08:04:59.077552','2026-11-25 08:04:59.077552');
INSERT INTO "trials" VALUES(5,0,3,'PRUNED','2026-11-25 08:05:07.180646','2026-11-25 08:05:07.395635');
INSERT INTO "trials" VALUES(6,1,3,'PRUNED','2026-11-25 08:05:07.422377','2026-11-25 08:05:07.605688');
INSERT INTO "trials" VALUES(7,2,3,'PRUNED','2026-11-25 08:05:07.627153','2026-11-25 08:05:07.796434');
INSERT INTO "trials" VALUES(8,3,3,'COMPLETE','2026-11-25 08:05:07.819272','2026-11-25 08:05:11.060942');
INSERT INTO "trials" VALUES(9,4,3,'PRUNED','2026-11-25 08:05:11.077557','2026-11-25 08:05:11.189580');
INSERT INTO "trials" VALUES(10,5,3,'COMPLETE','2026-11-25 08:05:11.205305','2026-11-25 08:05:11.643779');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
