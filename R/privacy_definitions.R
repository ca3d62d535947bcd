# What each score of privacy() is, in a sentence; names of columns follow some of the metrics after "_of_".

privacy_definitions <- c(
  copies = "share of synthetic rows that equal a training row in every column",
  near_copies = "share of synthetic rows nearer to a training row than 95 % of training rows are to one another",
  replicated_uniques = "share of training rows that are unique among them and equal to exactly one synthetic row",
  unique_values = "mean share of a synthetic row's values that exactly one training row has in that column",
  dcr_mean = "mean distance of synthetic rows to the closest training row",
  dcr_median = "median distance of synthetic rows to the closest training row",
  dcr_q05 = "5 % quantile of the distance of synthetic rows to the closest training row",
  nndr_mean = "mean ratio of the distances to the closest and the second closest training row",
  nndr_q05 = "5 % quantile of the ratio of the distances to the closest and the second closest training row",
  dcr_share = "share of synthetic rows closer to training than to holdout rows (sets of one size), ties one half",
  dcr_overfitting_protection = "min(1, 2 (1 - share of synthetic rows strictly closer to training rows))",
  dcr_baseline_protection = "min(1, median distance to the closest training row over that of uniformly random rows)",
  identifiability = "share of training rows closer to a synthetic row than to any other training row",
  authenticity = "share of synthetic rows farther from their closest training row than that is from its closest other",
  membership_auc = "AUC of members against others by nearest-neighbour densities, synthetic over reference",
  membership_tpr = "share of members found by the density ratio where 1 % of others are taken for members",
  membership_distance_auc = "AUC of members against others by the distance to the closest synthetic row",
  membership_distance_tpr = "share of members found by that distance where 1 % of others are taken for members",
  membership_classifier_auc = "AUC of members against others by a forest that tells synthetic from reference rows",
  membership_classifier_tpr = "share of members found by that forest where 1 % of others are taken for members",
  singling_out_univariate_success = "share of one-column predicates, unique in synthetic rows, true of one real row",
  singling_out_univariate_risk = "excess over the control rows' success, over the room that they leave",
  singling_out_multivariate_success = "share of wider predicates, unique in synthetic rows, true of one real row",
  singling_out_multivariate_risk = "excess over the control rows' success, over the room that they leave",
  linkability_success = "share of real rows whose two halves have the same closest synthetic row",
  linkability_risk = "excess over the control rows' success, over the room that they leave",
  uio = "share of training rows whose keys are unique among them",
  rep_u = "share of training rows whose keys are unique in training and in synthetic rows",
  inference_success = "share of real rows whose secret is that of the synthetic row closest in the known columns",
  inference_risk = "excess over the control rows' success, over the room that they leave",
  attribute_success = "share of real rows whose secret a forest grown on synthetic rows guesses right",
  attribute_risk = "excess over the control rows' success, over the room that they leave",
  attribute_auc = "AUC of members against others by how well that forest predicts their secret",
  disco = "share of training rows whose keys have one secret among the synthetic rows, namely theirs",
  dorig = "share of training rows whose keys have one secret among the training rows",
  dcap = "mean share of the true secret among the synthetic rows of the same keys (0 where there are none)",
  disclosure_protection = "1 - mean share of the true secret where keys occur, over that of random levels; at most 1",
  tcap = "of training rows whose keys have one secret among the synthetic rows, the share whose secret it is"
)

score_stem <- function(metric) sub("_of_.*", "", metric)

score_definition <- function(metric) privacy_definitions[[score_stem(metric)]]
